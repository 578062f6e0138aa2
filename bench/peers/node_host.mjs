// Runs a WASI preview 1 program on V8: node FLAGS node_host.mjs [--dir HOST::GUEST] [--env K=V] FILE ARGS…
// node's own warning that its WASI is experimental is switched off by --no-warnings.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const args = process.argv.slice(2);
const preopens = {};
const env = {};
while (args[0] === "--dir" || args[0] === "--env") {
  const option = args.shift();
  const value = args.shift();
  if (option === "--dir") {
    const [host, guest = host] = value.split("::");
    preopens[guest] = host;
  } else {
    const at = value.indexOf("=");
    env[value.slice(0, at)] = value.slice(at + 1);
  }
}

// A guest's proc_exit ends the process at once: unwinding to here instead crashes node 20 under a Go program.
const wasi = new WASI({ version: "preview1", args, env, preopens, returnOnExit: false });
const { instance } = await WebAssembly.instantiate(await readFile(args[0]), wasi.getImportObject());
wasi.start(instance);
