// SPDX-License-Identifier: MIT
import java.net.InetSocketAddress;
import java.net.Socket;

// Blocking sockets with and without a timeout, open and closed ports.
public class Ports {
	public static void main(String[] args) throws Exception {
		int open = Integer.parseInt(args[0]);
		for (int port : new int[] { open, open + 1, open, open })
			for (int timeout : new int[] { 0, 3000 })
				ask(port, timeout);
	}

	static void ask(int port, int timeout) {
		try (Socket s = new Socket()) {
			s.connect(new InetSocketAddress("192.0.2.2", port), timeout);
			s.getOutputStream().write(new byte[100]);
			int n = s.getInputStream().readNBytes(100).length;
			System.out.println(port + " " + s.getRemoteSocketAddress() + " " + n);
		} catch (Exception e) {
			System.out.println(port + " " + e);
		}
	}
}
