// SPDX-License-Identifier: MIT
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Client {
	public static void main(String[] args) throws Exception {
		for (String path : new String[] { "/hello", "/large", "/none", "/hello" }) {
			HttpClient client =
				HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
			HttpResponse<String> answer = client.send(
				HttpRequest.newBuilder(URI.create("http://192.0.2.2" + path)).build(),
				HttpResponse.BodyHandlers.ofString());
			System.out.println(path + " " + answer.statusCode() + " " +
					   (answer.statusCode() == 200 ? answer.body().length() : 0));
		}
		System.exit(0);
	}
}
