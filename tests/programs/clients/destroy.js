// SPDX-License-Identifier: MIT
// A write, and the socket is thrown away as soon as the kernel has taken it: what was written
// must arrive. libuv closes by syscall(2).
const net = require('net');
const talk = (data, done) => new Promise((end) => {
  const sock = net.connect(7203, '192.0.2.2', () => sock.write(data, () => done(sock)));
  sock.on('error', (error) => { console.log(error.code); end(); });
  sock.on('close', end);
});
(async () => {
  for (let n = 0; n < 4; n++) {
    await talk(`thrown away ${n}\n`, (sock) => sock.destroy());
    await talk('answered\n', (sock) => sock.on('data', () => sock.destroy()));
  }
  await talk('report\n', (sock) => sock.on('data', (data) => {
    process.stdout.write(data);
    sock.destroy();
  }));
})();
