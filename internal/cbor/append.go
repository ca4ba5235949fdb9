package cbor

const (
	majorUint = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple

	breakByte = 0xff
)

// TagEncoded marks a byte string that itself holds a CBOR item.
// (RFC 8949, 3.4.5.1)
const TagEncoded = 24

func appendHead(dst []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n < 1<<8:
		return append(dst, major|24, byte(n))
	case n < 1<<16:
		return append(dst, major|25, byte(n>>8), byte(n))
	case n < 1<<32:
		return append(dst, major|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(dst, major|27, byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32),
		byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// HeadLen returns the length in bytes of the shortest head with argument n.
func HeadLen(n uint64) int {
	switch {
	case n < 24:
		return 1
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	case n < 1<<32:
		return 5
	}
	return 9
}

// AppendUint appends v in the shortest form.
func AppendUint(dst []byte, v uint64) []byte { return appendHead(dst, majorUint, v) }

// AppendBytes appends b as a definite byte string.
func AppendBytes(dst, b []byte) []byte { return append(AppendBytesHead(dst, len(b)), b...) }

// AppendBytesHead appends the head of a definite byte string of n bytes, which
// the caller sends after it.
func AppendBytesHead(dst []byte, n int) []byte { return appendHead(dst, majorBytes, uint64(n)) }

// AppendText appends s as a definite text string.
func AppendText(dst []byte, s string) []byte {
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

// AppendArray appends the head of a definite array of n items.
func AppendArray(dst []byte, n int) []byte { return appendHead(dst, majorArray, uint64(n)) }

// AppendMessage appends the start of a mini-protocol message: the head of an
// array of n items and the first of them, the message's tag.
func AppendMessage(dst []byte, n int, tag uint64) []byte {
	return AppendUint(AppendArray(dst, n), tag)
}

// AppendArrayIndefinite opens an array that ends with [AppendBreak].
func AppendArrayIndefinite(dst []byte) []byte { return append(dst, 0x9f) }

// AppendBreak ends an indefinite array, map or string.
func AppendBreak(dst []byte) []byte { return append(dst, breakByte) }

// AppendMap appends the head of a definite map of n pairs.
func AppendMap(dst []byte, n int) []byte { return appendHead(dst, majorMap, uint64(n)) }

// AppendMapIndefinite opens a map that ends with [AppendBreak].
func AppendMapIndefinite(dst []byte) []byte { return append(dst, 0xbf) }

// AppendTag appends a tag; the tagged item follows.
func AppendTag(dst []byte, tag uint64) []byte { return appendHead(dst, majorTag, tag) }

// AppendBool appends true or false.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 0xf5)
	}
	return append(dst, 0xf4)
}

// AppendNull appends null.
func AppendNull(dst []byte) []byte { return append(dst, 0xf6) }
