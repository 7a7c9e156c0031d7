// SPDX-License-Identifier: MIT
// Remembers what each connection brought and how it ended; tells it who asks for a report.
const seen = [];
require('net').createServer((sock) => {
  let text = '';
  sock.on('data', (data) => {
    text += data;
    if (text === 'report\n')
      setTimeout(() => sock.write(`${seen.splice(0).sort().join('\n')}\n`), 50);
    else if (text === 'answered\n')
      sock.write('yes\n');
  });
  const ended = (how) => { if (text !== 'report\n') seen.push(`${how} ${text.trim()}`); };
  sock.on('end', () => ended('end'));
  sock.on('error', (error) => ended(error.code));
}).listen(Number(process.argv[2]), '192.0.2.2');
