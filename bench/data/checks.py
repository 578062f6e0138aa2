# Run by CPython inside a module: text, hashing, big numbers, exceptions, floating point. The answer is known.
import hashlib
import json
import re

words = re.findall(r"\w+", "the quick brown fox jumps over the lazy dog " * 2000)
counts = {}
for word in words:
    counts[word] = counts.get(word, 0) + 1
primes = [n for n in range(2, 8000) if all(n % d for d in range(2, int(n**0.5) + 1))]


def deep(n):
    return deep(n + 1)


try:
    deep(0)
except RecursionError:
    primes.append(8009)

digest = hashlib.sha256(json.dumps([counts, primes, [x / 7 for x in range(5000)]]).encode()).hexdigest()
print(len(primes), 2**200 % 1000003, digest)
