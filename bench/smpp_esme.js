// npm `smpp` as an ESME: `node smpp_esme.js PORT MESSAGES WINDOW [receipts]`; prints its CPU and wall seconds as JSON.
'use strict';

const smpp = require('smpp');

const [port, messages, window] = process.argv.slice(2, 5).map(Number);
const receipts = process.argv[5] === 'receipts';
const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` });
let sent = 0, answered = 0, told = 0, cpu, began;

function done() {
  if (answered < messages || (receipts && told < messages)) return;
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ cpu: (user + system) / 1e6, wall: (performance.now() - began) / 1000 }));
  process.exit();
}

function fill() {
  while (sent < messages && sent - answered < window) {
    sent += 1;
    session.submit_sm(
      {
        source_addr: 'Tidings', source_addr_ton: 5, dest_addr_ton: 1, dest_addr_npi: 1,
        destination_addr: `49151${String(sent).padStart(8, '0')}`, registered_delivery: 1,
        short_message: 'x'.repeat(101),
      },
      (answer) => {
        if (answer.command_status) throw new Error(`refused: ${answer.command_status}`);
        answered += 1;
        fill();
        done();
      },
    );
  }
}

session.on('deliver_sm', (pdu) => { session.send(pdu.response()); told += 1; done(); });
session.on('error', (error) => { throw error; });
session.bind_transceiver({ system_id: 'node', password: 'secret' }, () => {
  cpu = process.cpuUsage();
  began = performance.now();
  fill();
});
