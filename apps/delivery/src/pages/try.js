'use strict';

// The page at /try, over the SDK that /sdk/holdline.js brings. No framework, no build.

/** Rows that stay on the page; older ones go, so that a busy channel cannot fill the tab. */
const ROWS = 500;
const STORED = { credential: 'holdline.try.credential', channel: 'holdline.try.channel' };
const $ = (id) => document.getElementById(id);
const credential = $('credential');
const channelName = $('channel');
const message = $('message');
let holdline = null;
let room = null;

// The tab's own storage: gone with the tab, never in the address bar.
credential.value = sessionStorage.getItem(STORED.credential) ?? '';
channelName.value = sessionStorage.getItem(STORED.channel) ?? channelName.value;

$('connect').addEventListener('submit', (event) => {
  event.preventDefault();
  if (holdline) disconnect();
  else connect();
});

$('send').addEventListener('submit', async (event) => {
  event.preventDefault();
  const publisher = room;
  if (!publisher || message.value === '') return;
  $('send-button').disabled = true;
  $('sent').textContent = 'Sending ...';
  try {
    const { position } = await publisher.publish(parse(message.value));
    $('sent').textContent = `Stored at position ${position}.`;
    message.value = '';
    clearFault();
  } catch (error) {
    $('sent').textContent = 'Not sent.';
    showFault(error);
  } finally {
    $('send-button').disabled = room === null;
    if (room) message.focus();
  }
});

message.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) $('send').requestSubmit();
});

function connect() {
  clearFault();
  const secret = credential.value.trim();
  // A key has a prefix, a client token is a JWT.
  const who = secret.startsWith('hl_') ? { key: secret } : { token: secret };
  try {
    holdline = new Holdline({ url: location.origin, ...who });
  } catch (error) {
    showFault(error);
    return;
  }
  sessionStorage.setItem(STORED.credential, secret);
  sessionStorage.setItem(STORED.channel, channelName.value);
  $('receive').replaceChildren();
  $('empty').hidden = false;
  holdline.on('state', showState);
  holdline.on('error', showFault);
  room = holdline.channel(channelName.value);
  room.on('gap', ({ reason }) => addRow('gap', 'Messages are missing here', reason));
  // A channel that was refused is not read any more, though the client lives.
  room.on('error', () => disconnect('Refused', 'closed'));
  room.subscribe((received) => {
    const text =
      typeof received.data === 'string' ? received.data : JSON.stringify(received.data, null, 2);
    addRow('message', text, `position ${received.position}`, received);
  });
  setConnected(true);
}

function disconnect(text = 'Not connected', state = 'idle') {
  const client = holdline;
  holdline = null;
  room = null;
  client?.close();
  setConnected(false);
  setBadge(text, state);
}

function showState({ state, reason, retryInMs }) {
  if (!holdline) return;
  const seconds = Math.max(1, Math.round((retryInMs ?? 0) / 1000));
  const texts = {
    idle: 'Not connected',
    connecting: 'Connecting ...',
    live: 'Live',
    waiting: `Trying again in ${seconds} s`,
    closed: 'Refused',
  };
  setBadge(texts[state], state);
  if (state === 'live') clearFault();
  if (reason) showFault(reason);
  if (state === 'closed') disconnect('Refused', 'closed');
}

function setBadge(text, state) {
  $('state').textContent = text;
  $('state').dataset.state = state;
}

function setConnected(on) {
  $('connect-button').textContent = on ? 'Disconnect' : 'Connect';
  credential.disabled = on;
  channelName.disabled = on;
  message.disabled = !on;
  message.placeholder = on ? '' : 'Connect first';
  $('send-button').disabled = !on;
  if (on) message.focus();
}

function addRow(kind, text, note, received) {
  const row = document.createElement('li');
  row.className = kind;
  const meta = document.createElement('div');
  meta.className = 'meta';
  const time = document.createElement('time');
  const at = received ? new Date(received.timestamp) : new Date();
  time.dateTime = at.toISOString();
  time.textContent = at.toLocaleTimeString();
  meta.append(time, span(note), ...(received?.clientId ? [span(`from ${received.clientId}`)] : []));
  const body = document.createElement('pre');
  body.textContent = text;
  row.append(meta, body);
  $('empty').hidden = true;
  const list = $('receive');
  list.append(row);
  while (list.children.length > ROWS) list.firstElementChild.remove();
  list.scrollTop = list.scrollHeight;
}

function span(text) {
  const element = document.createElement('span');
  element.textContent = text;
  return element;
}

function showFault(error) {
  $('fault').textContent = error instanceof Error ? error.message : String(error);
  $('fault').hidden = false;
}

function clearFault() {
  $('fault').hidden = true;
}

/** JSON where it is meant (an object, a list, a number ...), the text itself otherwise. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
