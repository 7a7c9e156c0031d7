// SPDX-License-Identifier: MIT
//
// A server that allows half-open connections, and does not end its own half: each client that
// has gone leaves a socket.
//
// leaky: 3 accept CLOSE_WAIT
//
'use strict';
const net = require('net');
const leaky = process.argv[2] === 'leaky';
let gone = 0;

const server = net.createServer({ allowHalfOpen: true }, (conn) => {
  conn.on('error', () => {});
  conn.on('end', () => {
    if (!leaky)
      conn.end();
    if (++gone === 3)
      server.close(), setTimeout(() => console.log('ready'), 50);
  });
  conn.resume();
});

server.listen(0, '127.0.0.1', () => {
  for (let i = 0; i < 3; i++) {
    const client = net.connect(server.address().port, '127.0.0.1', () => {
      client.write('hello', () => client.destroy());
    });
  }
});
process.stdin.on('end', () => process.exit(0)).resume();
process.on('SIGTERM', () => process.exit(0));
