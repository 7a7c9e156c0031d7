<?php
// SPDX-License-Identifier: MIT
foreach (['/hello', '/large', '/none'] as $path) {
	$text = @file_get_contents("http://192.0.2.2$path");
	echo $path, ' ', $http_response_header[0], ' ', strlen((string)$text), "\n";
}
