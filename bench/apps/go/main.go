// A mixed workload in plain Go: maps, sorting through interfaces, JSON, regular expressions, hashing and
// compression from the standard library, goroutines with channels, garbage. Arguments and output are those of
// ../app.h.
package main

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

type random uint64

func (r *random) next() uint64 {
	x := uint64(*r)
	x ^= x >> 12
	x ^= x << 25
	x ^= x >> 27
	*r = random(x)
	return x * 0x2545f4914f6cdd1d
}

func (r *random) below(n int) int {
	return int(r.next()>>33) % n
}

func mix(sum, value uint64) uint64 {
	sum = (sum ^ value) * 0x100000001b3
	return sum ^ sum>>29
}

func wordCounts(r *random, words int) uint64 {
	var text strings.Builder
	for i := 0; i < words; i++ {
		fmt.Fprintf(&text, "w%x%s ", r.below(500)*r.below(4), [3]string{"s", "ing", "ed"}[r.below(3)])
	}
	counts := map[string]int{}
	for _, word := range strings.Fields(text.String()) {
		counts[word]++
	}
	order := make([]string, 0, len(counts))
	for word := range counts {
		order = append(order, word)
	}
	sort.Slice(order, func(i, j int) bool {
		if counts[order[i]] != counts[order[j]] {
			return counts[order[i]] > counts[order[j]]
		}
		return order[i] < order[j]
	})
	sum := uint64(0)
	for _, word := range order {
		sum = mix(sum, uint64(counts[word]+len(word)))
	}
	return sum
}

type tree struct {
	left, right *tree
	value       int
}

func grow(depth, value int) *tree {
	if depth == 0 {
		return &tree{value: value}
	}
	return &tree{grow(depth-1, 2*value), grow(depth-1, 2*value+1), value}
}

func (t *tree) total() int {
	if t == nil {
		return 0
	}
	return t.left.total() + t.value + t.right.total()
}

func trees(count, depth int) uint64 {
	sum := uint64(0)
	for i := 0; i < count; i++ {
		sum = mix(sum, uint64(grow(depth, i).total()))
	}
	return sum
}

type record struct {
	ID     int               `json:"id"`
	Name   string            `json:"name"`
	Scores []float64         `json:"scores"`
	Labels map[string]string `json:"labels"`
}

func encodeAndDecode(r *random, count int) uint64 {
	records := make([]record, count)
	for i := range records {
		records[i] = record{i, "name " + strconv.Itoa(r.below(1000)), []float64{float64(i) / 4, float64(r.below(100))},
			map[string]string{"kind": strconv.Itoa(i % 7), "odd": strconv.FormatBool(i%2 == 1)}}
	}
	encoded, err := json.Marshal(records)
	if err != nil {
		panic(err)
	}
	var decoded []record
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		panic(err)
	}
	sum := uint64(len(encoded))
	for _, d := range decoded {
		sum = mix(sum, uint64(d.ID+len(d.Name)+int(d.Scores[1])+len(d.Labels["odd"])))
	}
	return sum
}

var timestamp = regexp.MustCompile(`(\d{4})-(\d\d)-(\d\d)T(\d+):(\d+) \[(warn|error)\]`)

func logSearch(r *random, lines int) uint64 {
	var text bytes.Buffer
	for i := 0; i < lines; i++ {
		level := [4]string{"info", "warn", "debug", "error"}[r.below(4)]
		fmt.Fprintf(&text, "2024-%02d-%02dT%d:%d [%s] message %d\n", i%12+1, i%28+1, i%24, i%60, level, r.below(9999))
	}
	sum := uint64(0)
	for _, match := range timestamp.FindAllSubmatch(text.Bytes(), -1) {
		day, _ := strconv.Atoi(string(match[3]))
		sum = mix(sum, uint64(day+len(match[6])))
	}
	return sum
}

func squeeze(r *random, size int) uint64 {
	var plain, packed bytes.Buffer
	for plain.Len() < size {
		fmt.Fprintf(&plain, "block %d of %d; ", r.below(400), r.below(40))
	}
	writer, err := flate.NewWriter(&packed, 6)
	if err != nil {
		panic(err)
	}
	writer.Write(plain.Bytes())
	writer.Close()
	restored, err := io.ReadAll(flate.NewReader(&packed))
	if err != nil || !bytes.Equal(restored, plain.Bytes()) {
		panic("the round trip failed")
	}
	digest := sha256.Sum256(restored)
	return binary.BigEndian.Uint64(digest[:])
}

// A sieve of goroutines: each passes on what its prime does not divide.
func primePipeline(count int) uint64 {
	source := make(chan int)
	quit := make(chan struct{})
	go func() {
		for n := 2; ; n++ {
			select {
			case source <- n:
			case <-quit:
				return
			}
		}
	}()
	sum := uint64(0)
	for i := 0; i < count; i++ {
		prime := <-source
		sum = mix(sum, uint64(prime))
		next := make(chan int)
		go func(from <-chan int, to chan<- int) {
			for {
				select {
				case n := <-from:
					if n%prime == 0 {
						continue
					}
					select {
					case to <- n:
					case <-quit:
						return
					}
				case <-quit:
					return
				}
			}
		}(source, next)
		source = next
	}
	close(quit)
	return sum
}

func workload(iteration int) uint64 {
	r := random(0x9e3779b97f4a7c15 + uint64(iteration))
	sum := wordCounts(&r, 60000)
	sum = mix(sum, trees(30, 13))
	sum = mix(sum, encodeAndDecode(&r, 6000))
	sum = mix(sum, logSearch(&r, 10000))
	sum = mix(sum, squeeze(&r, 800000))
	return mix(sum, primePipeline(120))
}

func argument(i, fallback int) int {
	if len(os.Args) <= i {
		return fallback
	}
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return n
}

func main() {
	warm, timed := argument(1, 0), argument(2, 1)
	sum := uint64(0xcbf29ce484222325)
	total, best := time.Duration(0), time.Duration(1<<63-1)
	for i := 0; i < warm+timed; i++ {
		start := time.Now()
		sum = mix(sum, workload(i))
		spent := time.Since(start)
		if i < warm {
			continue
		}
		total += spent
		if spent < best {
			best = spent
		}
	}
	fmt.Printf("checksum %016x\nns %d\nbest %d\n", sum, total.Nanoseconds(), best.Nanoseconds())
}
