// SPDX-License-Identifier: MIT
// A proxy of a few lines: a new connection to the server for each request.
const http = require('http');
http.createServer((req, res) => {
  const out = http.request(
    { host: '192.0.2.2', port: 80, path: req.url, agent: false },
    (answer) => { res.writeHead(answer.statusCode); answer.pipe(res); });
  out.on('error', (error) => { res.writeHead(502); res.end(`${error.code}\n`); });
  out.end();
}).listen(Number(process.argv[2]), '127.0.0.1');
