// SPDX-License-Identifier: MIT
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;

public class UrlConnection {
	public static void main(String[] args) throws Exception {
		for (String path : new String[] { "/hello", "/large", "/none", "/hello" }) {
			HttpURLConnection c =
				(HttpURLConnection)new URL("http://192.0.2.2" + path).openConnection();
			c.setRequestProperty("Connection", "close");
			int code = c.getResponseCode();
			int length = 0;
			if (code == 200)
				try (InputStream in = c.getInputStream()) {
					length = in.readAllBytes().length;
				}
			System.out.println(path + " " + code + " " + length);
		}
	}
}
