// The live picture: one wish is on its way at a time, and the newest one wins.
// Times are taken for the line below the picture: from the wish to the pixels that are shown.

const AGAIN = 1000; // milliseconds until a lost connection is tried again
const REMEMBERED = 120;
const SAME_MOMENT = 50; // milliseconds: a wish that comes so soon after the hand has moved comes from the hand

let hand = 0; // when it last moved
addEventListener("pointermove", (event) => { hand = event.timeStamp; }, { capture: true, passive: true });

export class LivePainter {
  // onPicture({ bitmap, wish }), onProblem(sentence or null), onTimes({ rate, latency })
  constructor({ onPicture, onProblem, onTimes, format = "png" }) {
    Object.assign(this, { onPicture, onProblem, onTimes, format });
    this.number = 0;
    this.newest = null; // not sent yet
    this.flying = null;
    this.times = [];
    this.isClosed = false;
    this.connect();
  }

  connect() {
    const address = new URL("/api/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = this.socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.send();
    socket.onmessage = (message) => this.receive(message.data);
    socket.onclose = () => {
      if (this.isClosed) return;
      if (this.flying && !this.newest) this.newest = this.flying;
      this.flying = null;
      this.onProblem("the studio does not answer: is it still running?");
      this.timer = setTimeout(() => this.connect(), AGAIN);
    };
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.socket.close();
  }

  paint(wish) {
    const now = performance.now();
    this.newest = { wish, asked: now - hand < SAME_MOMENT ? hand : now };
    this.send();
  }

  send() {
    if (!this.newest || this.flying || this.socket.readyState !== WebSocket.OPEN) return;
    this.flying = this.newest;
    this.newest = null;
    this.flying.number = ++this.number;
    this.socket.send(JSON.stringify({ number: this.number, wish: this.flying.wish, format: this.format }));
  }

  async receive(data) {
    const flown = this.flying;
    this.flying = null;
    this.send(); // the next one is painted while this one is decoded
    if (!flown) return;
    if (typeof data === "string") {
      this.onProblem(JSON.parse(data).detail);
      return;
    }
    const bitmap = await createImageBitmap(new Blob([data.slice(4)], { type: `image/${this.format}` }));
    if (this.isClosed || flown.number < (this.shown ?? 0)) return;
    this.shown = flown.number;
    this.onProblem(null);
    this.onPicture({ bitmap, wish: flown.wish });
    requestAnimationFrame(() => this.measure(flown.asked)); // that frame shows it
  }

  // Whoever wants all times finds them among the browser's own, as "live picture".
  measure(asked) {
    const now = performance.now();
    performance.measure("live picture", { start: asked, end: now });
    this.times = [...this.times.slice(1 - REMEMBERED), { at: now, latency: now - asked }];
    const recent = this.times.filter((each) => now - each.at < 1000);
    const latencies = recent.map((each) => each.latency).sort((a, b) => a - b);
    this.onTimes({ rate: recent.length, latency: latencies[Math.floor(latencies.length / 2)] });
  }
}
