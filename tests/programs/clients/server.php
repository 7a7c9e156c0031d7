<?php
// SPDX-License-Identifier: MIT
$server = stream_socket_server("tcp://192.0.2.2:$argv[1]");
while ($peer = stream_socket_accept($server, -1)) {
	while (($line = fgets($peer)) !== false)
		fwrite($peer, strrev(trim($line)) . "\n");
	fclose($peer);
}
