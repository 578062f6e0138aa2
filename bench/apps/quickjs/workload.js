// A mixed workload: classes, closures, arrays and their methods, maps, strings, regular expressions, JSON, typed arrays.
"use strict";

function checksum(sum, value) {
  return (Math.imul(sum, 31) + value) >>> 0;
}

class Task {
  constructor(id, priority) {
    this.id = id;
    this.priority = priority;
    this.work = 0;
  }
  run(clock) {
    this.work += this.cost(clock);
    return this.work;
  }
  cost(clock) {
    return (clock % 7) + 1;
  }
}

class Device extends Task {
  constructor(id, priority) {
    super(id, priority);
    this.queue = [];
  }
  cost(clock) {
    this.queue.push(clock);
    if (this.queue.length > 16) this.queue.shift();
    return this.queue.length;
  }
}

function scheduler(steps) {
  const tasks = [];
  for (let i = 0; i < 24; i++) tasks.push(i % 4 === 0 ? new Device(i, i * 5 % 7) : new Task(i, i * 3 % 11));
  let sum = 0;
  for (let clock = 0; clock < steps; clock++) {
    const task = tasks[(clock * 7 + (clock >> 3)) % tasks.length];
    sum = checksum(sum, task.run(clock) + task.priority);
  }
  return sum;
}

function functional(size) {
  const numbers = Array.from({ length: size }, (_, i) => i * 37 % 1009);
  const groups = new Map();
  for (const n of numbers) {
    const key = `k${n % 53}`;
    groups.set(key, (groups.get(key) ?? 0) + n);
  }
  const total = numbers.map(n => n * 3).filter(n => n % 2 === 0).reduce((a, b) => a + b, 0);
  const sorted = [...groups.entries()].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
  return sorted.reduce((sum, [key, value]) => checksum(sum, value + key.length), total);
}

function text(count) {
  let words = [];
  for (let i = 0; i < count; i++) words.push("word" + (i * 7919 % 613).toString(36) + (i % 5 ? "" : ";"));
  const joined = words.join(" ");
  let sum = 0;
  for (const match of joined.matchAll(/([a-z]+)(\d*)[a-z]?;/g)) sum = checksum(sum, match[0].length + match.index);
  sum = checksum(sum, joined.replace(/word(\w)/g, (_, c) => c.toUpperCase()).length);
  for (const part of joined.split(";")) sum = checksum(sum, part.charCodeAt(part.length >> 1) | 0);
  return sum;
}

function json(count) {
  const records = [];
  for (let i = 0; i < count; i++) {
    records.push({ id: i, name: `n${i}`, tags: ["a", "b", `t${i % 10}`], nested: { x: i / 4, y: null, z: i % 2 === 0 } });
  }
  const encoded = JSON.stringify(records);
  const decoded = JSON.parse(encoded);
  return decoded.reduce((sum, r) => checksum(sum, r.id + r.name.length + r.nested.x * 4), encoded.length);
}

function buffers(size) {
  const pixels = new Uint8Array(size * size);
  const blurred = new Float64Array(size * size);
  for (let i = 0; i < pixels.length; i++) pixels[i] = i * i >>> 3;
  for (let y = 1; y < size - 1; y++) {
    for (let x = 1; x < size - 1; x++) {
      const at = y * size + x;
      blurred[at] = (pixels[at - 1] + pixels[at + 1] + pixels[at - size] + pixels[at + size]) / 4;
    }
  }
  let sum = 0;
  for (let i = 0; i < blurred.length; i += 11) sum = checksum(sum, blurred[i] * 4);
  return sum;
}

function* primes(limit) {
  const found = [];
  for (let n = 2; n < limit; n++) {
    if (found.every(p => p * p > n || n % p !== 0)) {
      found.push(n);
      yield n;
    }
  }
}

function workload(iteration) {
  let sum = iteration;
  sum = checksum(sum, scheduler(400000));
  sum = checksum(sum, functional(80000));
  sum = checksum(sum, text(30000));
  sum = checksum(sum, json(10000));
  sum = checksum(sum, buffers(340));
  for (const p of primes(2500)) sum = checksum(sum, p);
  return sum;
}
