package cbor

// Head reads the head that b begins with: its major type, its argument and its
// length in bytes. The length is 0 if b ends within the head, or begins with none
// that has an argument.
func Head(b []byte) (major byte, arg uint64, n int) {
	if len(b) == 0 {
		return 0, 0, 0
	}
	major = b[0] >> 5
	info := b[0] & 0x1f
	switch {
	case info < 24:
		return major, uint64(info), 1
	case info > 27 || len(b) <= 1<<(info-24):
		return 0, 0, 0
	}
	n = 1 + 1<<(info-24)
	for _, c := range b[1:n] {
		arg = arg<<8 | uint64(c)
	}
	return major, arg, n
}
