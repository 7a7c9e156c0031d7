// SPDX-License-Identifier: MIT
require("http").createServer((request, response) => {
	response.sendDate = false;
	response.end(`you asked for ${request.url}\n`);
}).listen(Number(process.argv[2]));
