// SPDX-License-Identifier: MIT
//
// An HTTP client that looks at the status alone. An answer whose body is never read keeps its
// connection for ever.
//
// leaky: 4 socket *
//
'use strict';
const http = require('http');
const leaky = process.argv[2] === 'leaky';
let done = 0;

const server = http.createServer((request, response) => {
  response.end('x'.repeat(1 << 22));
});

function end() {
  server.closeAllConnections();
  server.close(() => setTimeout(() => console.log('ready'), 100));
}

function ask(port) {
  const request = http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
    if (!leaky)
      response.resume();
    else if (++done === 4)
      setTimeout(end, 100);
  }).on('error', () => {});
  request.on('close', () => {
    if (!leaky && ++done === 4)
      setTimeout(end, 100);
  });
}

server.listen(0, '127.0.0.1', () => {
  for (let i = 0; i < 4; i++)
    ask(server.address().port);
});
process.stdin.on('end', () => process.exit(0)).resume();
process.on('SIGTERM', () => process.exit(0));
