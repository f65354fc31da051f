package lp

// CheckMeasurement returns nil if line protocol can carry name as a measurement,
// or the [Reason] why it cannot.
func CheckMeasurement(name string) error { return asError(checkMeasurement(name)) }

// CheckTag returns nil if line protocol can carry a tag of this key and value in the
// dialect [Portable], or the [Reason] why it cannot. An empty value is no tag, and no
// error. [Dialect.CheckTag] does the same for another dialect.
func CheckTag(key, value string) error { return Portable.CheckTag(key, value) }

// CheckTag returns nil if d can carry a tag of this key and value, or the [Reason] why
// it cannot. An empty value is no tag, and no error.
func (d Dialect) CheckTag(key, value string) error {
	if r := checkTagKey(key, d); r != 0 {
		return r
	}
	return asError(checkTagValue(value, d))
}

// CheckFieldKey returns nil if line protocol can carry key as the key of a field in the
// dialect [Portable], or the [Reason] why it cannot. [Dialect.CheckFieldKey] does the
// same for another dialect.
func CheckFieldKey(key string) error { return Portable.CheckFieldKey(key) }

// CheckFieldKey returns nil if d can carry key as the key of a field, or the [Reason] why
// it cannot.
func (d Dialect) CheckFieldKey(key string) error { return asError(checkFieldKey(key, d)) }

func asError(r Reason) error {
	if r == 0 {
		return nil
	}
	return r
}
