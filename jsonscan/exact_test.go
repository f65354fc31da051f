package jsonscan

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"
)

// plainInt is the plain twin of exactInt. Its exponent must not be large: math/big writes
// out all digits.
func plainInt(text string) (magnitude uint64, negative bool, err error) {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	negative = text[0] == '-'
	switch r.Abs(r); {
	case !r.IsInt():
		return 0, negative, ErrInexact
	case !r.Num().IsUint64():
		return 0, negative, ErrRange
	}
	return r.Num().Uint64(), negative, nil
}

// plainFloat is the plain twin of exactFloat: it reports whether the text of an integer is
// equal to f, or is what InfluxDB prints for f.
func plainFloat(text string, f float64) bool {
	v, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	return v.Cmp(new(big.Rat).SetFloat64(f)) == 0 || strconv.FormatFloat(f, 'f', -1, 64) == text
}

// isNumber reports whether text is a number of JSON that plainInt can take.
func isNumber(text string) bool {
	n, code := scanNumber([]byte(text+" "), 0, len(text)+1)
	if code != scanDone || n != len(text) || len(text) > 200 {
		return false
	}
	_, exponent, ok := strings.Cut(strings.ToLower(text), "e")
	e, err := strconv.Atoi(exponent)
	return !ok || err == nil && -400 < e && e < 400
}

func checkExact(t *testing.T, text string) {
	t.Helper()
	magnitude, negative, err := exactInt([]byte(text))
	wantMagnitude, wantNegative, wantErr := plainInt(text)
	if err == nil && magnitude != wantMagnitude || negative != wantNegative || err != wantErr {
		t.Fatalf("%s is %d, %v, %v, want %d, %v, %v", text, magnitude, negative, err, wantMagnitude, wantNegative, wantErr)
	}
	kind, bits, ok := number([]byte(text))
	if !ok || kind == KindFloat {
		return
	}
	f, exact := exactFloat(magnitude, negative)
	if want, _ := strconv.ParseFloat(text, 64); f != want || exact != plainFloat(text, want) {
		t.Fatalf("%s is %v, %v, want %v, %v", text, f, exact, want, !exact)
	}
	if kind == KindInt {
		if again, ok := exactFloatInt(int64(bits)); again != f || ok != exact {
			t.Fatalf("%s is %v, %v as an int64", text, again, ok)
		}
	}
}

// exactTexts are numbers at the limits of what is exact.
var exactTexts = []string{
	"0", "-0", "0.0", "-0.000", "0e5", "0.0e-7", "1.0", "10.0", "100.00", "1e3", "1E+3", "1e-0", "1000e-3", "1500e-2", "1.5", "1.5e1", "-1.5e1", "1.50e1", "1.05e1",
	"0.001e3", "0.0010e3", "0.0012e3", "123456789.0", "1234567890.12e2", "1234567890.12e1", "1.5e9", "9007199254740993.0", "9007199254740993", "9007199254740992", "-9007199254740993",
	"9223372036854775807.0", "9223372036854775808.0", "-9223372036854775808.0", "-9223372036854775809", "-9223372036854775809.0", "9.223372036854775807e18", "92233720368547758070e-1",
	"18446744073709551615.0", "18446744073709551616.0", "18446744073709551615", "18446744073709551616", "1.8446744073709551615e19", "1.8446744073709551616e19",
	"1e19", "1e20", "1e21", "1e300", "99999999999999999999.5", "0.99999999999999999999999", "1.00000000000000000000001", "1e-300", "1152921504606847000", "1152921504606846976", "1152921504606846977",
	"-1152921504606847000", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709552000", "10000000000000000000", "12345678901234567168",
}

func TestExact(t *testing.T) {
	for _, text := range exactTexts {
		checkExact(t, text)
	}
	// What math/big would write out.
	for text, want := range map[string]error{
		"1e-99999999999999999999": ErrInexact, "0e99999999999999999999": nil, "1e2147483648": ErrRange, "1e-2147483648": ErrInexact,
		"1" + strings.Repeat("0", 5000) + "e-5000": nil, "0." + strings.Repeat("0", 4999) + "1e5000": nil, "1" + strings.Repeat("0", 5000) + "e-4980": ErrRange,
	} {
		if v, _, err := exactInt([]byte(text)); err != want || err == nil && v != 1 && text[0] != '0' {
			t.Errorf("%.30s is %d, %v, want %v", text, v, err, want)
		}
	}
}

// FuzzExact compares the conversions of numbers with math/big.
func FuzzExact(f *testing.F) {
	for _, text := range exactTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if isNumber(text) {
			checkExact(t, text)
		}
	})
}

// TestExactGetters holds that no getter returns another number than the text, and that an
// integer may have any form.
func TestExactGetters(t *testing.T) {
	for _, tt := range []struct {
		cell  string
		value int64
		err   error
		float error
	}{
		{"1.0", 1, nil, nil}, {"1e3", 1000, nil, nil}, {"-1.20e1", -12, nil, nil}, {"1.5", 0, ErrInexact, nil}, {"1e-7", 0, ErrInexact, nil},
		{"9007199254740993", 9007199254740993, nil, ErrInexact}, {"-9007199254740993", -9007199254740993, nil, ErrInexact},
		{"9007199254740993.0", 9007199254740993, nil, nil}, {"9007199254740993e0", 9007199254740993, nil, nil},
		{"0.99999999999999999999", 0, ErrInexact, nil}, {"1e-400", 0, ErrInexact, nil},
		{"-9223372036854775809", 0, ErrRange, nil}, {"-9223372036854775808.0", math.MinInt64, nil, nil}, {"9223372036854775808.0", 0, ErrRange, nil},
		{"1152921504606847000", 1152921504606847000, nil, nil}, {"1152921504606846999", 1152921504606846999, nil, ErrInexact},
	} {
		r := oneRow(t, tt.cell, Nanosecond)
		if v, err := r.Int(0); v != tt.value || !errors.Is(err, tt.err) {
			t.Errorf("Int of %s is %d, %v, want %d, %v", tt.cell, v, err, tt.value, tt.err)
		}
		if v, err := r.Timestamp(0); v != tt.value || !errors.Is(err, tt.err) {
			t.Errorf("Timestamp of %s is %d, %v, want %d, %v", tt.cell, v, err, tt.value, tt.err)
		}
		if v, err := r.Time(0); !errors.Is(err, tt.err) || err == nil && !v.Equal(time.Unix(0, tt.value)) {
			t.Errorf("Time of %s is %v, %v", tt.cell, v, err)
		}
		if tt.value >= 0 && tt.err == nil {
			if v, err := r.Uint(0); err != nil || v != uint64(tt.value) {
				t.Errorf("Uint of %s is %d, %v", tt.cell, v, err)
			}
		}
		want, _ := strconv.ParseFloat(tt.cell, 64)
		if v, err := r.Float(0); !errors.Is(err, tt.float) || err == nil && v != want {
			t.Errorf("Float of %s is %v, %v, want %v, %v", tt.cell, v, err, want, tt.float)
		}
		type point struct {
			I *int64   `lp:"a"`
			F *float64 `lp:"f"`
		}
		got, err := AppendStructs[point](nil, NewScanner(structBody(`"a","f"`, tt.cell+`,null`)).Rows())
		if !errors.Is(err, tt.err) || err == nil && *got[0].I != tt.value {
			t.Errorf("a struct of %s: %v", tt.cell, err)
		}
		_, err = AppendStructs[point](nil, NewScanner(structBody(`"a","f"`, `null,`+tt.cell)).Rows())
		if !errors.Is(err, tt.float) {
			t.Errorf("a struct with the float %s: %v", tt.cell, err)
		}
	}
	second := oneRow(t, "1.5e9", Second)
	if at, err := second.Time(0); err != nil || !at.Equal(time.Unix(1_500_000_000, 0)) {
		t.Errorf("a time of 1.5e9 seconds is %v, %v", at, err)
	}
}
