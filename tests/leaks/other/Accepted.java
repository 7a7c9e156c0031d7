// SPDX-License-Identifier: MIT
//
// A server that answers and returns, one time out of two before the close(). By a channel.
//
// leaky: 2 accept CLOSE_WAIT
//
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;

public class Accepted {
    private static final ArrayList<SocketChannel> served = new ArrayList<>();

    private static void serve(SocketChannel channel, boolean forget) throws Exception {
        served.add(channel);
        channel.write(ByteBuffer.wrap(new byte[] { 'h', 'i', '\n' }));
        if (forget)
            return;
        channel.close();
    }

    public static void main(String[] words) throws Exception {
        boolean leaky = words[0].equals("leaky");
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(Leak.HERE, 0));
            int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
            for (int i = 0; i < 4; i++) {
                try (Socket client = new Socket(Leak.HERE, port)) {
                    serve(listener.accept(), leaky && i % 2 == 0);
                    client.getInputStream().readNBytes(3);
                }
            }
        }
        Leak.ready();
    }
}
