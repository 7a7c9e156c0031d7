// SPDX-License-Identifier: MIT
//
// What the Java programs share.
//
import java.net.InetAddress;

final class Leak {
    static final InetAddress HERE = InetAddress.getLoopbackAddress();

    private Leak() {
    }

    static void ready() throws Exception {
        System.out.println("ready");
        System.in.read();
    }
}
