// SPDX-License-Identifier: MIT
// Nio HOST PORT COUNT: a selector registered for OP_CONNECT before connect(), whose result is
// not looked at. Prints each request's microseconds and answer.
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

public class Nio {
	static String request(InetSocketAddress to) throws Exception {
		Selector selector = Selector.open();
		SocketChannel channel = SocketChannel.open();
		channel.configureBlocking(false);
		channel.register(selector, SelectionKey.OP_CONNECT);
		ByteBuffer reply = ByteBuffer.allocate(64);
		long from = System.nanoTime();
		channel.connect(to);
		while (reply.position() == 0) {
			if (selector.select(2000) == 0)
				throw new Exception("no event");
			for (SelectionKey key : selector.selectedKeys()) {
				if (key.isConnectable() && channel.finishConnect()) {
					if (channel.write(ByteBuffer.wrap("ping".getBytes())) != 4)
						throw new Exception("short write");
					key.interestOps(SelectionKey.OP_READ);
				} else if (key.isReadable()) {
					if (channel.read(reply) < 0)
						throw new Exception("end");
				}
			}
			selector.selectedKeys().clear();
		}
		long took = (System.nanoTime() - from) / 1000;
		channel.close();
		selector.close();
		return took + " " + new String(reply.array(), 0, reply.position());
	}

	public static void main(String[] args) throws Exception {
		InetSocketAddress to = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
		for (int i = Integer.parseInt(args[2]); i > 0; i--)
			System.out.println(request(to));
	}
}
