package cbor

// InHead reports whether more bytes of a head are to come.
func (s *Scanner) InHead() bool { return s.left > 0 }
