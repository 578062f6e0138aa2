// A C++ program with vectors: particles in classes and containers of the standard library, arithmetic on lanes by templates.
// Built with -msimd128 for WebAssembly and with the machine's own vectors for native; both print the same lines.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace {

// N lanes of T as one value; sixteen bytes become one vector of the target.
template <typename T, int N> struct Lanes {
    typedef T Vector __attribute__((vector_size(sizeof(T) * N)));
    Vector value;

    static Lanes all(T x) {
        Lanes lanes;
        for (int i = 0; i < N; i++)
            lanes.value[i] = x;
        return lanes;
    }
    Lanes operator+(Lanes other) const {
        return {value + other.value};
    }
    Lanes operator-(Lanes other) const {
        return {value - other.value};
    }
    Lanes operator*(Lanes other) const {
        return {value * other.value};
    }
    T sum() const {
        T total = 0;
        for (int i = 0; i < N; i++)
            total += value[i];
        return total;
    }
};

typedef Lanes<float, 4> Floats;
typedef Lanes<double, 2> Doubles;
typedef Lanes<uint64_t, 2> Longs;
typedef Lanes<uint16_t, 8> Words;

class Shape {
public:
    virtual ~Shape() {
    }
    virtual Floats step(Floats x, Floats dt) const = 0;
    virtual const char *name() const = 0;
};

class Spring : public Shape {
public:
    Floats step(Floats x, Floats dt) const override {
        return x - x * dt;
    }
    const char *name() const override {
        return "spring";
    }
};

class Drift : public Shape {
public:
    Floats step(Floats x, Floats dt) const override {
        return x + dt * Floats::all(0.25f);
    }
    const char *name() const override {
        return "drift";
    }
};

uint64_t state = 0x2545f4914f6cdd1du;

uint32_t next() {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 32);
}

template <typename V> std::string hex(const V &vector) {
    unsigned char bytes[sizeof vector];
    std::string text;
    std::memcpy(bytes, &vector, sizeof bytes);
    for (unsigned char byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

void particles() {
    std::vector<std::unique_ptr<Shape>> shapes;
    shapes.emplace_back(new Spring);
    shapes.emplace_back(new Drift);
    std::vector<Floats> points(1000);
    for (Floats &point : points)
        for (int i = 0; i < 4; i++)
            point.value[i] = (float)(next() >> 8) * 0x1p-24f;
    std::map<std::string, unsigned> steps;
    for (int round = 0; round < 200; round++) {
        const Shape &shape = *shapes[next() % shapes.size()];
        Floats dt = Floats::all((float)(round % 7) * 0x1p-6f);
        for (Floats &point : points)
            point = shape.step(point, dt);
        steps[shape.name()]++;
    }
    std::sort(points.begin(), points.end(), [](const Floats &a, const Floats &b) { return a.value[0] < b.value[0]; });
    for (const auto &entry : steps)
        std::printf("%s %u\n", entry.first.c_str(), entry.second);
    std::printf("first %s last %s\n", hex(points.front()).c_str(), hex(points.back()).c_str());
    Floats total = std::accumulate(points.begin(), points.end(), Floats::all(0));
    std::printf("total %s %a\n", hex(total).c_str(), (double)total.sum());
}

// What compilers turn into vectors themselves.
void loops() {
    std::vector<int32_t> a(4099), b(a.size());
    std::vector<double> d(a.size());
    for (size_t i = 0; i < a.size(); i++) {
        a[i] = (int32_t)next();
        b[i] = (int32_t)(next() >> 5);
    }
    for (size_t i = 0; i < a.size(); i++)
        d[i] = (double)(a[i] >> 3) * 0.5 + (double)b[i];
    for (size_t i = 0; i < a.size(); i++)
        a[i] = std::max(a[i] ^ b[i], b[i]);
    std::printf("least %d most %d\n", *std::min_element(a.begin(), a.end()), *std::max_element(a.begin(), a.end()));
    Doubles sum = Doubles::all(0);
    for (size_t i = 0; i + 2 <= d.size(); i += 2) {
        Doubles two;
        std::memcpy(&two, &d[i], sizeof two);
        sum = sum + two * Doubles::all(0.125);
    }
    Longs product = Longs::all(1);
    Words words = Words::all(3);
    for (size_t i = 0; i + 8 <= a.size(); i += 8) {
        Longs two;
        Words eight;
        std::memcpy(&two, &a[i], sizeof two);
        std::memcpy(&eight, &b[i], sizeof eight);
        product = product * (two + Longs::all(1)) - Longs::all((uint64_t)i);
        words = words * eight + Words::all((uint16_t)i);
    }
    std::printf("sums %s %s %s\n", hex(sum).c_str(), hex(product).c_str(), hex(words).c_str());
}

// A value of 32 bytes, which no machine of 128 bits has in one register, by value through functions.
typedef Lanes<uint32_t, 8> Wide;

__attribute__((noinline)) Wide twice(Wide x, int depth) {
    return depth ? twice(x + x, depth - 1) : x;
}

void wide() {
    Wide x;
    for (int i = 0; i < 8; i++)
        x.value[i] = next() | 1;
    std::array<Wide, 3> rows = {{x, twice(x, 5), twice(x * x, 9)}};
    std::rotate(rows.begin(), rows.begin() + 1, rows.end());
    for (const Wide &row : rows)
        std::printf("wide %s\n", hex(row).c_str());
}

} // namespace

int main() {
    particles();
    loops();
    wide();
    return 0;
}
