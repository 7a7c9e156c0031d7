// SPDX-License-Identifier: MIT
// Three requests, each on a connection of its own, then four at once.
const http = require('http');
const get = (path) => new Promise((done) => {
  http.get({ host: '192.0.2.2', path, agent: false }, (answer) => {
    let length = 0;
    answer.on('data', (data) => { length += data.length; });
    answer.on('end', () => done(`${path} ${answer.statusCode} ${length}`));
  }).on('error', (error) => done(error.code));
});
(async () => {
  for (const path of ['/hello', '/large', '/none']) console.log(await get(path));
  console.log(await Promise.all(['/hello', '/hello', '/hello', '/large'].map(get)));
})();
