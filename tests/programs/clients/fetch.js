// SPDX-License-Identifier: MIT
(async () => {
  for (const path of ['/hello', '/large', '/none']) {
    const answer = await fetch(`http://192.0.2.2${path}`, { headers: { connection: 'close' } });
    console.log(path, answer.status, (await answer.text()).length);
  }
})();
