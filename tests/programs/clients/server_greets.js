// SPDX-License-Identifier: MIT
require('net').createServer((sock) => {
  sock.on('error', () => {});
  sock.end('welcome\n');
}).listen(Number(process.argv[2]), '192.0.2.2');
