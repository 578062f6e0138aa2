"""Just enough of an assembler for the modules that the tests of the command line need."""

TYPES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "funcref": 0x70, "externref": 0x6F}
WASI = "wasi_snapshot_preview1"


def uleb(value: int) -> bytes:
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def sleb(value: int) -> bytes:
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        done = (value == 0 and not byte & 0x40) or (value == -1 and byte & 0x40)
        out.append(byte | (0 if done else 0x80))
        if done:
            return bytes(out)


def text(value: "str | bytes") -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return uleb(len(data)) + data


def vector(items: "list[bytes]") -> bytes:
    return uleb(len(items)) + b"".join(items)


def section(number: int, content: bytes) -> bytes:
    return bytes([number]) + uleb(len(content)) + content


def functype(params: "list[str]", results: "list[str]") -> bytes:
    return b"\x60" + vector([bytes([TYPES[t]]) for t in params]) + vector([bytes([TYPES[t]]) for t in results])


def const(value: int) -> bytes:
    return b"\x41" + sleb(value)


def call(index: int) -> bytes:
    return b"\x10" + uleb(index)


def load(address: int) -> bytes:
    return const(address) + b"\x28\x02\x00"


UNREACHABLE, DROP, END, RETURN = b"\x00", b"\x1a", b"\x0b", b"\x0f"
FOREVER = b"\x03\x40\x0c\x00\x0b"  # loop br 0 end


def local_get(index: int) -> bytes:
    return b"\x20" + uleb(index)


class Module:
    """Functions are numbered as they are added, imports first."""

    def __init__(self) -> None:
        self.types: "list[bytes]" = []
        self.imports: "list[bytes]" = []
        self.functions: "list[tuple[int, bytes]]" = []
        self.exports: "list[bytes]" = []
        self.names: "list[tuple[int, str]]" = []
        self.data: "list[bytes]" = []
        self.memory: "bytes | None" = None
        self.extra = b""  # a custom section's contents, in front of the code

    def type(self, params: "list[str]", results: "list[str]") -> int:
        encoded = functype(params, results)
        if encoded not in self.types:
            self.types.append(encoded)
        return self.types.index(encoded)

    def imported(self, name: str, params: "list[str]", results: "list[str]", module: str = WASI) -> int:
        self.imports.append(text(module) + text(name) + b"\x00" + uleb(self.type(params, results)))
        return len(self.imports) - 1

    def function(
        self,
        body: bytes,
        params: "list[str] | None" = None,
        results: "list[str] | None" = None,
        export: "str | None" = None,
        name: "str | None" = None,
    ) -> int:
        index = len(self.imports) + len(self.functions)
        code = b"\x00" + body + END
        self.functions.append((self.type(params or [], results or []), uleb(len(code)) + code))
        if export:
            self.exports.append(text(export) + b"\x00" + uleb(index))
        if name:
            self.names.append((index, name))
        return index

    def pages(self, minimum: int = 1) -> None:
        self.memory = b"\x00" + uleb(minimum)
        self.exports.append(text("memory") + b"\x02\x00")

    def bytes_at(self, address: int, data: "bytes | str") -> None:
        self.data.append(b"\x00" + const(address) + END + text(data))

    def build(self) -> bytes:
        out = b"\0asm\1\0\0\0" + section(1, vector(self.types))
        if self.imports:
            out += section(2, vector(self.imports))
        out += section(3, vector([uleb(kind) for kind, _ in self.functions]))
        if self.memory:
            out += section(5, vector([self.memory]))
        out += section(7, vector(self.exports))
        if self.extra:
            out += section(0, text("padding") + self.extra)
        out += section(10, vector([code for _, code in self.functions]))
        if self.data:
            out += section(11, vector(self.data))
        if self.names:
            names = vector([uleb(index) + text(name) for index, name in self.names])
            out += section(0, text("name") + b"\x01" + uleb(len(names)) + names)
        return out
