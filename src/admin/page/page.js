// All texts of the server are set as textContent, never as HTML.
const $ = id => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';
let status = null;   // the last answer of each endpoint
let history = null;
let lastRows = null;  // of the rate

// --- small builders
function element(name, text, className) {
  const out = document.createElement(name);
  if (text !== undefined) out.textContent = text;
  if (className) out.className = className;
  return out;
}

// Leaves a text that has not changed: a screen reader would read it again.
function setText(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

function drawing(name, attributes) {
  const out = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) out.setAttribute(key, value);
  return out;
}

function number(value, digits) {
  if (value === null || value === undefined) return '–';
  return Number(value).toLocaleString('en', {maximumFractionDigits: digits ?? (Math.abs(value) < 10 ? 1 : 0)});
}

const milliseconds = value => value === null || value === undefined ? '–' :
    value < 1000 ? number(value) + ' ms' : number(value / 1000, 1) + ' s';
const clock = ms => new Date(ms).toLocaleTimeString();

// columns: [title, value(row), kind]; kind: undefined = a number, 'text', 'text long'. A value may be an element.
function fillTable(table, columns, rows, empty) {
  const selection = getSelection();
  if (!selection.isCollapsed && table.contains(selection.anchorNode)) return;  // somebody is copying
  const head = element('tr');
  for (const [title, , kind] of columns) {
    const cell = element('th', title, kind);
    cell.scope = 'col';
    head.append(cell);
  }
  const body = element('tbody');
  for (const row of rows) {
    const line = element('tr');
    columns.forEach(([, value, kind], i) => {
      const cell = element(i === 0 ? 'th' : 'td', undefined, kind);
      if (i === 0) cell.scope = 'row';
      cell.append(value(row));
      line.append(cell);
    });
    body.append(line);
  }
  if (!rows.length) {
    const cell = element('td', empty, 'text');
    cell.colSpan = columns.length;
    body.append(element('tr'));
    body.lastChild.append(cell);
  }
  const top = element('thead');
  top.append(head);
  table.replaceChildren(top, body);
}

// --- requests
function headers(more) {
  const token = $('token').value.trim();
  return {...more, ...(token ? {Authorization: 'Bearer ' + token} : {})};
}

async function get(path) {
  const answer = await fetch(path, {headers: headers(), signal: AbortSignal.timeout(8000)});
  if (!answer.ok) throw new Error(path + ': ' + answer.status + ' ' + (await answer.text()).trim());
  return answer.json();
}

async function act(path, body) {
  say('sending the request');
  try {
    const more = {'X-Freshet-Request': '1', ...(body ? {'Content-Type': 'application/json'} : {})};
    const answer = await fetch(path, {method: 'POST', headers: headers(more), body: body && JSON.stringify(body),
                                      signal: AbortSignal.timeout(20000)});
    let text = (await answer.text()).trim();
    if (path === '/renew' && answer.ok) text = JSON.parse(text).text;
    say((answer.ok ? '✓ ' : '✗ refused: ') + text, !answer.ok);
  } catch (e) {
    say('✗ no answer: ' + e.message, true);
  }
}

function say(text, bad) {
  $('result').textContent = text;
  $('result').className = bad ? 'bad' : '';
}

// Asks before it acts.
function confirmed(question, button, action) {
  $('ask-text').textContent = question;
  $('ask-yes').textContent = button;
  $('ask-yes').onclick = () => { $('ask').close(); action(); };
  $('ask').showModal();
  $('ask-no').focus();
}

// --- charts
// The path of a series; null values are gaps.
function line(times, values, top, width, height) {
  const first = times[0], span = Math.max(1, times[times.length - 1] - first);
  let out = '', pen = false;
  values.forEach((value, i) => {
    if (value === null) { pen = false; return; }
    const x = (times[i] - first) / span * width, y = height - 1 - value / top * (height - 2);
    out += (pen ? 'L' : 'M') + x.toFixed(1) + ' ' + y.toFixed(1);
    if (!pen) out += 'h.5';  // a lone point is visible
    pen = true;
  });
  return out;
}

const highest = values => values.reduce((most, value) => value !== null && value > most ? value : most, 0);
const newest = values => values.length ? values[values.length - 1] : null;

function sparkline(values, what) {
  const top = highest(values);
  const out = drawing('svg', {class: 'spark', viewBox: '0 0 100 24', preserveAspectRatio: 'none', role: 'img',
                              'aria-label': `${what}: now ${number(newest(values))}, highest ${number(top)}`});
  out.append(drawing('path', {class: 's0', d: line(history.at_ms, values, top || 1, 100, 24)}));
  return out;
}

// Vertical lines where the consumer was renewed, and hatching while partitions were blocked.
function marks(svg, width, height) {
  const times = history.at_ms, first = times[0], span = Math.max(1, newest(times) - first);
  const x = at => ((at - first) / span * width).toFixed(1);
  let hatch = '', renewals = '';
  history.blocked_partitions.forEach((count, i) => { if (count) hatch += `M${x(times[i])} ${height}l3 -8`; });
  for (const one of history.renewals) {
    if (one.finished_at_ms >= first) renewals += `M${x(one.finished_at_ms)} 0V${height}`;
  }
  svg.append(drawing('path', {class: 'hatch', d: hatch}), drawing('path', {class: 'renewal', d: renewals}));
}

// series: [[name, values], ...]
function chart(title, series, show) {
  const figure = element('figure'), caption = element('figcaption');
  const top = Math.max(...series.map(([, values]) => highest(values)));
  const most = series.some(([, values]) => values.some(value => value !== null)) ? 'highest ' + show(top) : 'nothing yet';
  const spoken = series.map(([name, values]) => `${name} now ${show(newest(values))}`).join(', ');
  const svg = drawing('svg', {class: 'chart', viewBox: '0 0 600 110', preserveAspectRatio: 'none', role: 'img',
                              'aria-label': `${title}: ${spoken}; ${most}`});
  marks(svg, 600, 110);
  caption.append(element('b', `${title} (${most})`));
  series.forEach(([name, values], i) => {
    svg.append(drawing('path', {class: 's' + i, d: line(history.at_ms, values, top || 1, 600, 110)}));
    const key = element('span'), sample = drawing('svg', {viewBox: '0 0 32 10', 'aria-hidden': 'true'});
    sample.append(drawing('path', {class: 's' + i, d: 'M0 5H32'}));
    key.append(sample, `${name} ${show(newest(values))}`);
    caption.append(key);
  });
  const times = element('div', undefined, 'times quiet');
  times.append(element('span', clock(history.at_ms[0])), element('span', clock(newest(history.at_ms))));
  figure.append(caption, svg, times);
  return figure;
}

const percentiles = of => ['p50', 'p95', 'p99'].map(name => [name, of[name]]);

function showCharts() {
  if (!history.at_ms.length) return;
  $('charts').replaceChildren(
    chart('Rows per second', [['rows', history.rows_per_second]], number),
    chart('Lag, all partitions', [['messages', history.lag]], number),
    chart('Insert time', percentiles(history.insert_ms), milliseconds),
    chart('Latency, from the broker to the table', percentiles(history.latency_ms), milliseconds),
    chart('Dead letters and insert errors per second',
          [['dead letters', history.dead_letters_per_second], ['insert errors', history.insert_errors_per_second]], number),
    chart('In flight, MiB', [['MiB', history.in_flight_bytes.map(bytes => bytes / 1048576)]], number));
}

// --- blocked partitions
// A card is kept while its partition is blocked, so that what the operator types into it stays.
const cards = new Map();

function showBlocked(partitions) {
  const blocked = partitions.filter(one => one.blocked);
  for (const [id, card] of cards) {
    if (blocked.some(one => one.partition === id)) continue;
    card.root.remove();
    cards.delete(id);
  }
  for (const one of blocked) {
    if (!cards.has(one.partition)) cards.set(one.partition, makeCard(one));
    const card = cards.get(one.partition);
    if (card.reason.textContent !== one.blocked) card.reason.textContent = one.blocked;
    const waits = one.blocked.startsWith('a batch is blocked');
    card.batch.hidden = !waits;
    card.skip.hidden = waits;
  }
  $('blocked').hidden = !blocked.length;
}

function makeCard(one) {
  const id = one.partition, root = element('div', undefined, 'card');
  const reason = element('p'), skip = element('p', undefined, 'row'), batch = element('p', undefined, 'row');
  root.append(element('h3', 'Partition ' + id), reason, skip, batch);
  addSkip(skip, id, one.blocked);
  addResolutions(batch, id);
  $('blocked-list').append(root);
  return {root, reason, skip, batch};
}

function addSkip(row, id, reason) {
  const input = element('input'), label = element('label', 'Resume at offset'), button = element('button', 'Skip');
  Object.assign(input, {id: 'offset-' + id, inputMode: 'numeric', pattern: '[0-9]*', size: 14, autocomplete: 'off'});
  // The last one: what stands before it may quote a message.
  input.value = [...reason.matchAll(/resume at (\d+) with POST/g)].pop()?.[1] ?? '';
  label.htmlFor = input.id;
  button.type = 'button';
  button.setAttribute('aria-label', `Skip in partition ${id}`);
  button.onclick = () => {
    const offset = input.value.trim();
    if (!/^\d{1,16}$/.test(offset)) {
      say(`✗ partition ${id}: enter the offset to resume at, as digits`, true);
      input.focus();
      return;
    }
    confirmed(`Partition ${id} resumes at offset ${offset}. Messages before it that are not stored yet become neither ` +
              'rows nor dead letters.', 'Skip to ' + offset, () => act('/skip', {partition: id, offset: Number(offset)}));
  };
  row.append(label, input, button);
}

function addResolutions(row, id) {
  const choices = [
    ['The table has the rows', 'stored', 'freshet continues after this batch. Choose it only if the table has its rows.'],
    ['Send the rows again', 'retry', 'freshet sends the rows of this batch again. Rows that the table has are stored twice.']];
  for (const [title, resolution, question] of choices) {
    const button = element('button', title);
    button.type = 'button';
    button.setAttribute('aria-label', `${title}: partition ${id}`);
    button.onclick = () => confirmed(`Partition ${id}: ${question}`, title,
                                     () => act('/skip', {partition: id, resolution}));
    row.append(button);
  }
}

// --- the other parts
function showState(s) {
  const good = s.ready && s.healthy;
  setText('state', good ? '✓ ready' : s.healthy ? '✗ not ready' : '✗ not healthy');
  $('state').className = 'badge ' + (good ? 'good' : 'bad');
  setText('reason', s.healthy ? s.ready_reason : s.health_reason);
  setText('what', `${s.topic} → ${s.table} · ${s.consumer_group}`);
  document.title = (good ? '' : '✗ ') + 'freshet ' + s.topic;
  $('updated').textContent = 'updated ' + new Date().toLocaleTimeString();
  $('build').textContent = `freshet ${s.version} · librdkafka ${s.kafka_client}`;
}

function rowsPerSecond(s) {
  const now = performance.now(), before = lastRows;
  lastRows = {rows: s.rows_written, at: now};
  return before && s.rows_written >= before.rows ? (s.rows_written - before.rows) / (now - before.at) * 1000 : null;
}

function showTiles(s) {
  const renewal = s.membership.last_renewal;
  const tiles = [
    ['rows per second', number(rowsPerSecond(s), 0)], ['lag', number(s.partitions.reduce((sum, one) => sum + (one.lag || 0), 0))],
    ['rows written', number(s.rows_written)], ['MiB in flight', number(s.in_flight_bytes / 1048576, 1)],
    ['batches in flight', number(s.batches_in_flight)], ['batches written', number(s.batches_written)],
    ['dead letters', number(s.dead_letters)], ['insert errors', number(s.insert_errors)],
    ['consumer', `${s.consumer_number} (${number(s.consumer_age_seconds, 0)} s)`],
    ['last pause', renewal ? milliseconds(renewal.pause_ms) : '–']];
  $('tiles').replaceChildren(...tiles.map(([name, value]) => {
    const tile = element('div');
    tile.append(element('dt', name), element('dd', value));
    return tile;
  }));
}

function showTexts(s) {
  const delivery = s.delivery, format = s.insert_format;
  $('delivery').textContent = 'delivery: ' + (delivery.mode || 'not decided') +
      (delivery.mode === delivery.configured ? '' : ` (${delivery.configured})`) + (delivery.reason ? ' · ' + delivery.reason : '');
  $('format').textContent = format.format ? 'inserts: ' + format.format + (format.reason ? ' · ' + format.reason : '') : '';
  const errors = [['last insert error', s.last_insert_error, s.last_insert_error_at_ms],
                  ['last Kafka error', s.last_kafka_error, s.last_kafka_error_at_ms]];
  $('errors').replaceChildren(...errors.filter(one => one[1]).map(
      ([name, text, at]) => element('p', `${name}, ${new Date(at).toLocaleString()}: ${text}`, 'bad')));
}

const orders = {
  trouble: (a, b) => !!b.blocked - !!a.blocked || b.paused - a.paused || a.partition - b.partition,
  lag: (a, b) => (b.lag ?? -1) - (a.lag ?? -1) || a.partition - b.partition,
  partition: (a, b) => a.partition - b.partition,
};

function showPartitions(s) {
  const series = new Map((history?.partitions ?? []).map(one => [one.partition, one]));
  const spark = (one, name, what) => series.has(one.partition) ?
      sparkline(series.get(one.partition)[name], `${what} of partition ${one.partition}`) : '';
  fillTable($('partitions'), [
    ['partition', one => one.partition],
    ['state', one => one.blocked ? '✗ blocked' : one.paused ? '‖ paused' : '✓ active', 'text'],
    ['lag', one => number(one.lag)], ['lag, last hour', one => spark(one, 'lag', 'lag')],
    ['messages/s', one => number(newest(series.get(one.partition)?.messages_per_second ?? []))],
    ['rate, last hour', one => spark(one, 'messages_per_second', 'rate')],
    ['position', one => one.position], ['committed', one => one.committed ?? '–'], ['end', one => one.end ?? '–'],
  ], [...s.partitions].sort(orders[$('order').value]), 'no partition is assigned');
  const more = history?.partitions_omitted;
  $('omitted').textContent = more ? `${more} more partitions have no lines: the history is limited.` : '';
}

function showRenewals() {
  fillTable($('renewals'), [
    ['time', one => clock(one.finished_at_ms), 'text'], ['result', one => (one.result === 'renewed' ? '✓ ' : '✗ ') + one.result, 'text'],
    ['reason', one => one.reason, 'text'], ['mode', one => one.mode, 'text'], ['pause', one => milliseconds(one.pause_ms)],
    ['duration', one => milliseconds(one.duration_ms)], ['generation', one => one.generation_kept ? 'kept' : 'new', 'text'],
    ['error', one => one.error, 'text long'],
  ], history.renewals.slice(-10).reverse(), 'none in this process yet');
}

function showLetters(answer) {
  fillTable($('letters'), [
    ['time', one => clock(one.at_ms), 'text'], ['partition', one => one.partition], ['offset', one => one.offset],
    ['code', one => one.reason_code, 'text'], ['reason', one => one.reason, 'text long'],
  ], answer.dead_letters, 'none since the start');
}

function showSettings(answer) {
  const columns = [['name', one => one.name, 'text'], ['value', one => one.value, 'text long'], ['source', one => one.source, 'text']];
  fillTable($('options'), columns, answer.options, 'none');
  fillTable($('settings'), columns, answer.settings, 'none');
}

// --- the loop
const every = [
  ['/status', 2000, answer => {
    status = answer;
    showState(answer);
    showBlocked(answer.partitions);
    showTiles(answer);
    showTexts(answer);
    showPartitions(answer);
  }],
  ['/history', 10000, answer => {
    history = answer;
    showCharts();
    showRenewals();
    if (status) showPartitions(status);
  }],
  ['/dead-letters', 5000, showLetters],
  ['/settings', 30000, showSettings],
];

function failed(path, error) {
  if (path !== '/status') return;
  setText('state', '✗ no answer');
  $('state').className = 'badge bad';
  setText('reason', `What is shown is old. ${error.message}`);
}

async function refresh(one) {
  const [path, , show] = one;
  try {
    show(await get(path));
  } catch (e) {
    failed(path, e);
  }
}

// A page that nobody looks at asks for nothing.
async function repeat(one) {
  if (!document.hidden) await refresh(one);
  setTimeout(repeat, one[1], one);
}

$('renew').onclick = () => confirmed('freshet replaces its Kafka consumer by a new one. Processing pauses for some ' +
    'milliseconds with static membership, longer otherwise.', 'Renew', () => act('/renew'));
$('ask-no').onclick = () => $('ask').close();
$('order').onchange = () => status && showPartitions(status);
$('token').onchange = () => every.forEach(refresh);
document.addEventListener('visibilitychange', () => { if (!document.hidden) every.forEach(refresh); });
every.forEach(repeat);
