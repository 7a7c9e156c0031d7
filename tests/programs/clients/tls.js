// SPDX-License-Identifier: MIT
const fs = require('fs');
const tls = require('tls');
const shared = require('path').dirname(process.env.HOME);
const talk = (data) => new Promise((done) => {
  let length = 0;
  const sock = tls.connect({
    host: '192.0.2.2', port: 7202, ca: fs.readFileSync(`${shared}/cert.pem`),
    checkServerIdentity: () => undefined,
  }, () => sock.end(data));
  sock.on('data', (got) => { length += got.length; });
  sock.on('end', () => done(`${sock.getProtocol()} ${length}`));
  sock.on('error', (error) => done(error.code));
});
(async () => {
  console.log(await talk('one'));
  console.log(await talk('x'.repeat(100000)));
  console.log(await Promise.all([talk('a'), talk('bb'), talk('ccc')]));
})();
