package curve

// GeneratorPlus sets p to s B + k T, where B is the generator and T the point
// of a table, and returns p. Limbs of k that the table has no room for must be
// zero.
func (p *Point) GeneratorPlus(s, k *Scalar, table *Table) *Point {
	var sd, kd [limbs]digits
	n := 0
	for i := range s {
		n = max(n, naf(sd[i][:], s[i:i+1], generatorWidth))
	}
	for i := range table.limbs {
		n = max(n, naf(kd[i][:], k[i:i+1], width))
	}
	var acc projective
	acc.y.One()
	acc.z.One()
	*p = Identity()
	var c completed
	for i := n - 1; i >= 0; i-- {
		c.double(&acc)
		for j := range sd {
			if digit := sd[j][i]; digit != 0 {
				p.fromCompleted(&c)
				c.addMultiple(p, generatorTable[j][:], digit)
			}
		}
		for j := range table.limbs {
			if digit := kd[j][i]; digit != 0 {
				p.fromCompleted(&c)
				c.addMultiple(p, table.limbs[j][:], digit)
			}
		}
		if i == 0 {
			p.fromCompleted(&c)
		} else {
			acc.fromCompleted(&c)
		}
	}
	return p
}

// addMultiple adds digit times the point that odd are the multiples of.
func (c *completed) addMultiple(p *Point, odd []affine, digit int8) {
	if digit > 0 {
		c.addAffine(p, &odd[digit/2])
	} else {
		c.subAffine(p, &odd[-digit/2])
	}
}

// Combine sets p to a q + b r and returns p.
func (p *Point) Combine(a *Scalar, q *Point, b *Scalar, r *Point) *Point {
	var qs, rs [len(multiples{})]cached
	oddMultiples(&qs, q)
	oddMultiples(&rs, r)
	var ad, bd [limbs*64 + 1]int8
	n := max(naf(ad[:], a[:], width), naf(bd[:], b[:], width))

	var acc projective
	acc.y.One()
	acc.z.One()
	*p = Identity()
	var c completed
	for i := n - 1; i >= 0; i-- {
		c.double(&acc)
		if digit := ad[i]; digit != 0 {
			p.fromCompleted(&c)
			c.addCached(p, &qs, digit)
		}
		if digit := bd[i]; digit != 0 {
			p.fromCompleted(&c)
			c.addCached(p, &rs, digit)
		}
		if i == 0 {
			p.fromCompleted(&c)
		} else {
			acc.fromCompleted(&c)
		}
	}
	return p
}

func (c *completed) addCached(p *Point, odd *[len(multiples{})]cached, digit int8) {
	if digit > 0 {
		c.add(p, &odd[digit/2])
	} else {
		c.sub(p, &odd[-digit/2])
	}
}

// oddMultiples sets odd to 1, 3, 5 ... times p.
func oddMultiples(odd *[len(multiples{})]cached, p *Point) {
	var twice, next Point
	var c completed
	odd[0].fromPoint(p)
	v := projective{p.x, p.y, p.z}
	c.double(&v)
	twice.fromCompleted(&c)
	for i := range len(odd) - 1 {
		c.add(&twice, &odd[i])
		odd[i+1].fromPoint(next.fromCompleted(&c))
	}
}
