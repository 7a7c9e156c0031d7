// SPDX-License-Identifier: MIT
const sock = require('net').connect(7201, '192.0.2.2');
sock.on('data', (data) => process.stdout.write(data));
sock.on('close', (failed) => console.log('closed', failed));
