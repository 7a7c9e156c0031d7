// SPDX-License-Identifier: MIT
//
// A client that closes its socket when it has its answer, and not in a finally: the timeout
// leaves the socket behind.
//
// leaky: 3 socket CLOSE_WAIT
//
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;

public class TimedOut {
    private static final ArrayList<Socket> asked = new ArrayList<>();

    private static void ask(boolean leaky, int port) throws Exception {
        Socket socket = new Socket(Leak.HERE, port);
        asked.add(socket); // the collector would close it, some day
        try {
            socket.setSoTimeout(20);
            socket.getInputStream().read();
            socket.close();
        } catch (SocketTimeoutException silent) {
            if (!leaky)
                socket.close();
        }
    }

    public static void main(String[] words) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 8, Leak.HERE)) {
            for (int i = 0; i < 3; i++)
                ask(words[0].equals("leaky"), server.getLocalPort());
            for (int i = 0; i < 3; i++)
                server.accept().close();
        }
        Leak.ready();
    }
}
