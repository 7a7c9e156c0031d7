<?php
// SPDX-License-Identifier: MIT
for ($i = 0; $i < 2; $i++) {
	$sock = stream_socket_client('tcp://192.0.2.2:7500', $code, $text, 5);
	fwrite($sock, "one\ntwo\n");
	echo fgets($sock), fgets($sock), stream_socket_get_name($sock, true), "\n";
	stream_socket_shutdown($sock, STREAM_SHUT_WR);
	var_dump(stream_get_contents($sock));
	fclose($sock);
}
var_dump(@stream_socket_client('tcp://192.0.2.2:7501', $code, $text, 5), $code, $text);
