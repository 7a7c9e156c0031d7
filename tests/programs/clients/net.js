// SPDX-License-Identifier: MIT
// Echo: small, large, half closed; and a port where nobody listens.
const net = require('net');
const talk = (port, data) => new Promise((done) => {
  let length = 0;
  const sock = net.connect(port, '192.0.2.2', () => sock.end(data));
  sock.on('data', (got) => { length += got.length; });
  sock.on('end', () => done(`${port} ${sock.remotePort} ${length}`));
  sock.on('error', (error) => done(`${port} ${error.code} ${error.syscall}`));
});
(async () => {
  for (const data of ['one', 'x'.repeat(300000), 'three']) console.log(await talk(7200, data));
  console.log(await talk(7210, 'nobody'));
  console.log(await Promise.all([1, 2, 3, 4].map((n) => talk(7200, 'x'.repeat(n)))));
})();
