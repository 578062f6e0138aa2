// A mixed workload in plain Rust: hash and tree maps, strings, trait objects, sorting, a tokenizer with an
// evaluator, a compressor with its inverse, floating-point grids. Arguments and output are those of ../app.h.
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

type Hash = std::hash::BuildHasherDefault<Fnv>;

// The standard hasher is seeded at random; this one makes every run alike.
#[derive(Default)]
struct Fnv(u64);

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = (self.0 ^ b as u64).wrapping_mul(0x100000001b3);
        }
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545f4914f6cdd1d)
    }
    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 16) % n
    }
}

fn mix(sum: u64, value: u64) -> u64 {
    let sum = (sum ^ value).wrapping_mul(0x100000001b3);
    sum ^ sum >> 29
}

fn word_counts(random: &mut Random, words: usize) -> u64 {
    let mut text = String::new();
    for _ in 0..words {
        let id = random.below(900) * random.below(4);
        text.push_str(&format!("w{:x}{} ", id, if id % 3 == 0 { "s" } else { "ing" }));
    }
    let mut counts: HashMap<&str, usize, Hash> = HashMap::default();
    for word in text.split_whitespace() {
        *counts.entry(word).or_insert(0) += 1;
    }
    let mut order: Vec<_> = counts.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    order.iter().take(200).fold(0, |sum, (word, n)| mix(sum, *n as u64 + word.len() as u64))
}

fn tree_ledger(random: &mut Random, steps: usize) -> u64 {
    let mut ledger: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for i in 0..steps {
        ledger.entry(random.below(5000)).or_default().push(i as u32);
        if i % 3 == 0 {
            let from = random.below(5000);
            if let Some(key) = ledger.range(from..).next().map(|(k, _)| *k) {
                ledger.remove(&key);
            }
        }
    }
    ledger.iter().fold(0, |sum, (key, items)| mix(sum, key + items.iter().map(|&i| i as u64).sum::<u64>()))
}

trait Cell {
    fn step(&mut self, input: i64) -> i64;
}

struct Adder(i64);
struct Delay(VecDeque<i64>);
struct Gate {
    threshold: i64,
    open: bool,
}

impl Cell for Adder {
    fn step(&mut self, input: i64) -> i64 {
        self.0 = (self.0 + input) & 0xffff;
        self.0
    }
}

impl Cell for Delay {
    fn step(&mut self, input: i64) -> i64 {
        self.0.push_back(input);
        self.0.pop_front().unwrap_or(0)
    }
}

impl Cell for Gate {
    fn step(&mut self, input: i64) -> i64 {
        if input > self.threshold {
            self.open = !self.open;
        }
        if self.open { input } else { 1 }
    }
}

fn circuits(steps: i64) -> u64 {
    let mut cells: Vec<Box<dyn Cell>> = Vec::new();
    for i in 0..30 {
        cells.push(match i % 3 {
            0 => Box::new(Adder(i)),
            1 => Box::new(Delay((0..i).collect())),
            _ => Box::new(Gate { threshold: i * 1000, open: i % 2 == 0 }),
        });
    }
    let mut sum = 0;
    for i in 0..steps {
        let signal = cells.iter_mut().fold(i, |signal, cell| cell.step(signal));
        sum = mix(sum, signal as u64);
    }
    sum
}

#[derive(Debug)]
enum Expression {
    Number(i64),
    Binary(char, Box<Expression>, Box<Expression>),
}

struct Parser<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl<'a> Parser<'a> {
    fn sum(&mut self) -> Result<Expression, String> {
        let mut left = self.product()?;
        while let Some(&op) = self.rest.peek().filter(|c| matches!(c, '+' | '-')) {
            self.rest.next();
            left = Expression::Binary(op, Box::new(left), Box::new(self.product()?));
        }
        Ok(left)
    }
    fn product(&mut self) -> Result<Expression, String> {
        let mut left = self.atom()?;
        while let Some('*') = self.rest.peek() {
            self.rest.next();
            left = Expression::Binary('*', Box::new(left), Box::new(self.atom()?));
        }
        Ok(left)
    }
    fn atom(&mut self) -> Result<Expression, String> {
        match self.rest.next() {
            Some('(') => {
                let inner = self.sum()?;
                self.rest.next().filter(|&c| c == ')').ok_or("a parenthesis is missing")?;
                Ok(inner)
            }
            Some(c) if c.is_ascii_digit() => {
                let mut value = c as i64 - '0' as i64;
                while let Some(d) = self.rest.peek().and_then(|c| c.to_digit(10)) {
                    value = value * 10 + d as i64;
                    self.rest.next();
                }
                Ok(Expression::Number(value))
            }
            other => Err(format!("unexpected {:?}", other)),
        }
    }
}

fn evaluate(expression: &Expression) -> i64 {
    match expression {
        Expression::Number(value) => *value,
        Expression::Binary(op, left, right) => match op {
            '+' => evaluate(left).wrapping_add(evaluate(right)),
            '-' => evaluate(left).wrapping_sub(evaluate(right)),
            _ => evaluate(left).wrapping_mul(evaluate(right)),
        },
    }
}

fn write_expression(random: &mut Random, depth: u32, out: &mut String) {
    if depth == 0 {
        out.push_str(&random.below(1000).to_string());
        return;
    }
    out.push('(');
    write_expression(random, depth - 1, out);
    out.push(['+', '-', '*'][random.below(3) as usize]);
    write_expression(random, depth - 1, out);
    out.push(')');
}

fn expressions(random: &mut Random, count: usize) -> u64 {
    let mut sum = 0;
    for i in 0..count {
        let mut text = String::new();
        write_expression(random, 9, &mut text);
        if i % 10 == 0 {
            text.pop();
        }
        let value = match (Parser { rest: text.chars().peekable() }).sum() {
            Ok(expression) => evaluate(&expression) as u64,
            Err(message) => message.len() as u64,
        };
        sum = mix(sum, value);
    }
    sum
}

// Literal runs and back references, as in the LZ family.
fn compress(input: &[u8]) -> Vec<u8> {
    let mut table = vec![usize::MAX; 1 << 14];
    let mut out = Vec::with_capacity(input.len());
    let (mut i, mut literal) = (0, 0);
    while i + 4 <= input.len() {
        let word = u32::from_le_bytes([input[i], input[i + 1], input[i + 2], input[i + 3]]);
        let slot = (word.wrapping_mul(2654435761) >> 18) as usize;
        let from = std::mem::replace(&mut table[slot], i);
        let close = from != usize::MAX && i - from < 65536;
        let length = if close { input[from..].iter().zip(&input[i..]).take(255).take_while(|(a, b)| a == b).count() } else { 0 };
        if length < 6 {
            i += 1;
            continue;
        }
        flush(&mut out, &input[literal..i]);
        out.extend_from_slice(&[0, length as u8, (i - from) as u8, ((i - from) >> 8) as u8]);
        i += length;
        literal = i;
    }
    flush(&mut out, &input[literal..]);
    out
}

fn flush(out: &mut Vec<u8>, literals: &[u8]) {
    for run in literals.chunks(255) {
        out.push(run.len() as u8);
        out.extend_from_slice(run);
    }
}

fn expand(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < input.len() {
        let run = input[i] as usize;
        if run != 0 {
            out.extend_from_slice(&input[i + 1..i + 1 + run]);
            i += 1 + run;
            continue;
        }
        let from = out.len() - u16::from_le_bytes([input[i + 2], input[i + 3]]) as usize;
        for k in 0..input[i + 1] as usize {
            out.push(out[from + k]);
        }
        i += 4;
    }
    out
}

fn compression(random: &mut Random, size: usize) -> u64 {
    let mut input = Vec::new();
    while input.len() < size {
        let word = random.below(300);
        input.extend_from_slice(format!("{} jumps over {}; ", word * word, word).as_bytes());
    }
    let packed = compress(&input);
    assert_eq!(expand(&packed), input);
    packed.iter().fold(packed.len() as u64, |sum, &b| mix(sum, b as u64))
}

fn diffusion(size: usize, steps: usize) -> u64 {
    let mut grid = vec![vec![0.0f64; size]; size];
    grid[size / 2][size / 3] = 1000.0;
    for _ in 0..steps {
        let old = grid.clone();
        for y in 1..size - 1 {
            for x in 1..size - 1 {
                let around = old[y - 1][x] + old[y + 1][x] + old[y][x - 1] + old[y][x + 1];
                grid[y][x] = old[y][x] + 0.2 * (around - 4.0 * old[y][x]);
            }
        }
    }
    grid.iter().map(|row| row.iter().sum::<f64>().to_bits()).fold(0, mix)
}

fn workload(iteration: u64) -> u64 {
    let mut random = Random(0x9e3779b97f4a7c15 + iteration);
    let mut sum = word_counts(&mut random, 150_000);
    sum = mix(sum, tree_ledger(&mut random, 200_000));
    sum = mix(sum, circuits(200_000));
    sum = mix(sum, expressions(&mut random, 1000));
    sum = mix(sum, compression(&mut random, 3_000_000));
    mix(sum, diffusion(160, 300))
}

fn main() {
    let mut numbers = std::env::args().skip(1).map(|a| a.parse().expect("a number"));
    let warm: u64 = numbers.next().unwrap_or(0);
    let timed: u64 = numbers.next().unwrap_or(1);
    let (mut sum, mut total, mut best) = (0xcbf29ce484222325, 0, u128::MAX);
    for i in 0..warm + timed {
        let start = Instant::now();
        sum = mix(sum, workload(i));
        let spent = start.elapsed().as_nanos();
        if i >= warm {
            total += spent;
            best = best.min(spent);
        }
    }
    println!("checksum {:016x}\nns {}\nbest {}", sum, total, best);
}
