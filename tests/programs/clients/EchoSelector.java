// SPDX-License-Identifier: MIT
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

public class EchoSelector {
	public static void main(String[] args) throws Exception {
		Selector selector = Selector.open();
		ServerSocketChannel server = ServerSocketChannel.open();
		server.bind(new InetSocketAddress("192.0.2.2", Integer.parseInt(args[0])));
		server.configureBlocking(false);
		server.register(selector, SelectionKey.OP_ACCEPT);
		ByteBuffer buffer = ByteBuffer.allocate(65536);
		for (;;) {
			selector.select();
			for (SelectionKey key : selector.selectedKeys()) {
				if (key.isAcceptable()) {
					SocketChannel peer = server.accept();
					if (peer == null)
						continue;
					peer.configureBlocking(false);
					peer.register(selector, SelectionKey.OP_READ);
				} else {
					echo((SocketChannel)key.channel(), buffer);
				}
			}
			selector.selectedKeys().clear();
		}
	}

	static void echo(SocketChannel peer, ByteBuffer buffer) throws Exception {
		buffer.clear();
		if (peer.read(buffer) < 0) {
			peer.close();
			return;
		}
		buffer.flip();
		while (buffer.hasRemaining())
			peer.write(buffer);
	}
}
