#include "admin/page.h"

namespace freshet::admin {

namespace {

constexpr std::string_view kEndpointsMark = "%ENDPOINTS%";
constexpr std::string_view kPage = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>freshet</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1b2733;background:#fbfcfd}
h1{font-size:1.4rem;margin:0}h1 small{font-weight:400;color:#667}
#state{display:inline-block;padding:.1rem .6rem;border-radius:1rem;color:#fff;background:#888}
#state.ok{background:#2a7d46}#state.no{background:#b3541e}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.7rem;margin:1.2rem 0}
.tile{background:#fff;border:1px solid #dde3e8;border-radius:.5rem;padding:.6rem .8rem}
.tile b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}.tile span{color:#667;font-size:.85rem}
table{border-collapse:collapse;width:100%;background:#fff}th,td{border:1px solid #dde3e8;padding:.3rem .6rem;text-align:right}
th:last-child,td:last-child{text-align:left}h2{font-size:1rem;margin:1.5rem 0 .3rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0}dd{margin:0;color:#667}
pre{white-space:pre-wrap;color:#8a2b0d}
</style></head><body>
<h1>freshet <small id="what"></small></h1><p><span id="state">...</span> <span id="reason"></span></p>
<p id="delivery"></p><p id="format"></p><div class="tiles" id="tiles"></div><table><thead><tr><th>partition</th><th>position</th><th>committed</th><th>end</th>
<th>lag</th><th>state</th></tr></thead><tbody id="rows"></tbody></table><pre id="errors"></pre>
<p><input id="token" type="password" autocomplete="off" placeholder="admin token"> shows texts that may quote messages</p>
<h2>endpoints</h2><dl>%ENDPOINTS%</dl>
<script>
const $=id=>document.getElementById(id),n=x=>x===null?'-':Number(x).toLocaleString('en');let last=null;
function tile(name,value){const d=document.createElement('div'),b=document.createElement('b'),s=document.createElement('span');
d.className='tile';b.textContent=value;s.textContent=name;d.append(b,s);return d}
function show(s){const now=performance.now(),rate=last?Math.max(0,(s.rows_written-last.rows)/(now-last.at)*1000):0;
last={rows:s.rows_written,at:now};$('what').textContent=s.topic+' \u2192 '+s.table+' \u00b7 '+s.consumer_group;
$('state').textContent=s.ready?'ready':'not ready';$('state').className=s.ready?'ok':'no';
$('reason').textContent=s.ready_reason||s.health_reason;
const d=s.delivery;$('delivery').textContent='delivery: '+(d.mode||'not decided')+(d.mode===d.configured?'':' ('+d.configured+')')+
(d.reason?' \u00b7 '+d.reason:'');
const f=s.insert_format;$('format').textContent=f.format?'inserts: '+f.format+(f.reason?' \u00b7 '+f.reason:''):'';
const lag=s.partitions.reduce((a,p)=>a+(p.lag||0),0);
$('tiles').replaceChildren(tile('rows per second',n(Math.round(rate))),tile('rows written',n(s.rows_written)),tile('lag',n(lag)),
tile('MiB in flight',(s.in_flight_bytes/1048576).toFixed(1)),tile('batches in flight',n(s.batches_in_flight)),
tile('batches written',n(s.batches_written)),tile('dead letters',n(s.dead_letters)),tile('consumer',s.consumer_number+' ('+Math.round(s.consumer_age_seconds)+' s)'),
tile('last pause',s.membership.last_renewal&&s.membership.last_renewal.pause_ms!==null?s.membership.last_renewal.pause_ms.toFixed(1)+' ms':'-'));
$('rows').replaceChildren(...s.partitions.map(p=>{const r=document.createElement('tr');
for(const c of [p.partition,n(p.position),n(p.committed),n(p.end),n(p.lag),p.blocked?'blocked: '+p.blocked:p.paused?'paused':'']){
const d=document.createElement('td');d.textContent=c;r.append(d)}return r}));
$('errors').textContent=[[s.last_insert_error,s.last_insert_error_at_ms],[s.last_kafka_error,s.last_kafka_error_at_ms]]
.filter(e=>e[0]).map(e=>new Date(e[1]).toLocaleString()+'  '+e[0]).join('\n')}
async function turn(){try{show(await(await fetch('/status',{headers:$('token').value?{Authorization:'Bearer '+$('token').value}:{}})).json())}catch(e){$('state').textContent='no answer';$('state').className='no'}
setTimeout(turn,1000)}turn();
</script></body></html>
)html";

}  // namespace

std::string page(std::string_view endpoints) {
  std::string out(kPage);
  return out.replace(out.find(kEndpointsMark), kEndpointsMark.size(), endpoints);
}

}  // namespace freshet::admin
