// SPDX-License-Identifier: MIT
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

// Connections that finish by OP_CONNECT, one after the other and six at once.
public class EchoClient {
	static int port;
	static boolean slow; // other things to do between the event and finishConnect()

	public static void main(String[] args) throws Exception {
		port = Integer.parseInt(args[0]);
		for (int i = 0; i < 4; i++)
			run(1);
		run(6);
		slow = args.length > 1;
		if (slow)
			run(6);
	}

	static void run(int count) throws Exception {
		Selector selector = Selector.open();
		for (int i = 0; i < count; i++) {
			SocketChannel c = SocketChannel.open();
			c.configureBlocking(false);
			boolean now = c.connect(new InetSocketAddress("192.0.2.2", port));
			if (now)
				System.out.println("connected at once");
			c.register(selector, SelectionKey.OP_CONNECT);
		}
		int open = count;
		long got = 0;
		while (open > 0) {
			if (selector.select(5000) == 0) {
				System.out.println("nothing for five seconds");
				return;
			}
			for (SelectionKey key : selector.selectedKeys()) {
				SocketChannel c = (SocketChannel)key.channel();
				if (key.isConnectable()) {
					if (slow)
						Thread.sleep(1);
					if (!c.finishConnect())
						System.out.println("not finished");
					c.write(ByteBuffer.wrap(new byte[500]));
					key.interestOps(SelectionKey.OP_READ);
				} else {
					got += c.read(ByteBuffer.allocate(1000));
					c.close();
					open--;
				}
			}
			selector.selectedKeys().clear();
		}
		System.out.println(count + " connections, " + got + " bytes");
	}
}
