// Package line is the grammar of line protocol: the one reader of lines that somebody
// else wrote.
//
// # What is taken
//
// A body is a sequence of lines. In the notation of the Go specification, with LF for
// a line feed and byte for any byte:
//
//	body        = { [ line ] LF } [ line ] .
//	line        = blank { blank } | { blank } ( point | comment ) .
//	comment     = "#" { byte - LF } .
//	point       = measurement { "," tag } " " { blank } fields [ " " { blank } [ time { " " } ] ] .
//	tag         = tag_text "=" tag_text .
//	fields      = field { "," field } .
//	field       = field_key "=" value .
//	value       = float | int | uint | boolean | string .
//	time        = [ "-" ] digits .
//	blank       = " " | TAB | NUL .
//
//	measurement = ( byte - ( "," | "#" | blank | LF ) ) { byte - ( "," | " " | LF ) | "\," | "\ " } .
//	tag_text    = ( byte - ( "," | "=" | " " | LF ) | escape ) { … } .
//	field_key   = ( byte - ( "," | "=" | " " | LF ) | escape ) { … } .
//	escape      = "\," | "\=" | "\ " .
//
//	float       = [ "-" ] ( digits [ "." [ digits ] ] | "." digits ) [ ( "e" | "E" ) [ "+" | "-" ] digits ] .
//	int         = [ "-" ] digits "i" .
//	uint        = digits "u" .
//	boolean     = "t" | "T" | "true" | "True" | "TRUE" | "f" | "F" | "false" | "False" | "FALSE" .
//	string      = `"` { byte - ( `"` | "\" ) | "\" byte } `"` .
//	digits      = "0" … "9" { "0" … "9" } .
//
// The first byte of a measurement may be an escape too.
//
// A backslash outside strings escapes only what is listed, and in a field key a double
// quote too; before any other byte, another backslash included, it stands for itself.
// So `\\,` in a tag is a backslash and a comma. In a string it escapes a double quote
// and a backslash, and stands for itself otherwise.
//
// Beyond the grammar a point is refused
//
//   - that has a tag twice, or the key "time", or no value within the range of its type,
//     or a time that InfluxDB does not store;
//   - whose measurement, tags and longest field key have more than 65,531 bytes;
//   - whose measurement has a backslash before "=" or a double quote, or two before "," or
//     a space; whose field key has an even number of backslashes before ",", "=" or a
//     space: InfluxDB takes such a line and does not find the point again, or refuses it;
//   - which has a line feed in a name;
//   - which InfluxDB, that looks for the ends of lines before it reads one, cuts at another
//     place. That happens where quotes outside strings look like strings.
//
// # Where lines end
//
// A line that is taken ends where its grammar ends. A line that is refused ends where
// InfluxDB 1.x ends it, see [Split], with two exceptions: if a quote stays open up to
// the end of the input, and in a comment, it ends at the first line feed. InfluxDB
// drops all lines after such a quote, and those after a comment up to the next quote,
// without an error.
//
// # Dialects
//
// A reading is written as measurement, tags, a bar, fields and the time. "Refused" is an
// error for the line, or for InfluxDB 2 and VictoriaMetrics for the whole body; "nothing" is no error
// and no point; "lost" is a point that is stored under a key which no query looks for.
// Readers that are not named read what pointwire reads: but of openGemini 1.3.1 only
// what is named is known, and VictoriaMetrics has numbers for booleans and strings.
// InfluxDB 1.x is 1.6.7 and 1.8.10. The table is [dialect.Rows], and every cell of it is
// held against the server or its parser by tests in fuzz/dialects and itest, but for
// those of openGemini, which were seen on a server.
//
// Where readers differ:
//
//	comma in a field key: "m a,b=\"x\"=\"y\" 1\n"
//	    pointwire: refused (missing field value)
//	    InfluxDB 1.x, InfluxDB 2.8.0: "m" | "a,b"="x\"=\"y" @1
//
//	backslash before an equals sign in a measurement: "a\\=b v=1 1\na=b v=2 2\n"
//	    pointwire: "a=b" | "v"=2 @2; refused (backslash that servers read in two ways)
//	    InfluxDB 1.x: "a=b" | "v"=1 @1
//	    InfluxDB 2.8.0: "a=b" | "v"=2 @2
//	    line-protocol/v2: "a=b" | "v"=2 @2; "a\\=b" | "v"=1 @1
//	    VictoriaMetrics: "a=b" | "v"=1 @1; "a=b" | "v"=2 @2
//
//	backslash before a double quote in a measurement: "a\\\"b v=1 1\na\"b v=2 2\n"
//	    pointwire: "a\"b" | "v"=2 @2; refused (backslash that servers read in two ways)
//	    InfluxDB 1.x: "a\"b" | "v"=1 @1
//	    InfluxDB 2.8.0: "a\"b" | "v"=2 @2
//	    line-protocol/v2, VictoriaMetrics: "a\"b" | "v"=2 @2; "a\\\"b" | "v"=1 @1
//
//	two backslashes before a comma in a measurement: "a\\\\,b v=1 1\n"
//	    pointwire: refused (backslash that servers read in two ways)
//	    InfluxDB 1.x, InfluxDB 2.8.0: lost
//	    line-protocol/v2: "a\\,b" | "v"=1 @1
//
//	two backslashes before a space in a measurement: "a\\\\ b v=1 1\n"
//	    pointwire: refused (backslash that servers read in two ways)
//	    InfluxDB 1.x, InfluxDB 2.8.0: lost
//	    line-protocol/v2: "a\\ b" | "v"=1 @1
//
//	escaped space in a measurement: "a\\ b v=1 1\n"
//	    pointwire: "a b" | "v"=1 @1
//	    openGemini: refused
//
//	escaped comma in a measurement: "a\\,b v=1 1\n"
//	    pointwire: "a,b" | "v"=1 @1
//	    openGemini: refused
//
//	two backslashes before the equals sign of a field: "m a\\\\=1 1\n"
//	    pointwire: refused (backslash that servers read in two ways)
//	    VictoriaMetrics: "m" | "a\\"=1 @1
//
//	two backslashes before a double quote in a field key: "m a\\\\\"=1,g=2 1\n"
//	    pointwire: "m" | "a\\\""=1 "g"=2 @1
//	    line-protocol/v2: "m" | "a\\\\\""=1 "g"=2 @1
//	    VictoriaMetrics: "m" | "a\\\""=0
//
//	two backslashes before a space in a field key: "m a\\\\ b=1 1\n"
//	    pointwire: refused (missing field value)
//	    line-protocol/v2: "m" | "a\\ b"=1 @1
//
//	line feed in a measurement: "a\\\nb v=1 1\n"
//	    pointwire: refused (line feed in a name)
//	    InfluxDB 1.x, InfluxDB 2.8.0: "a\\\nb" | "v"=1 @1
//	    line-protocol/v2: "b" | "v"=1 @1; refused
//
//	line feed in a tag key: "m,a\\\nb=c v=1 1\n"
//	    pointwire: refused (line feed in a name)
//	    InfluxDB 1.x, InfluxDB 2.8.0: "m" "a\\\nb"="c" | "v"=1 @1
//	    line-protocol/v2: "b=c" | "v"=1 @1; refused
//
//	line feed in a tag value: "m,a=b\\\nc v=1 1\n"
//	    pointwire: refused (line feed in a name)
//	    InfluxDB 1.x, InfluxDB 2.8.0: "m" "a"="b\\\nc" | "v"=1 @1
//	    line-protocol/v2: "c" | "v"=1 @1; refused
//
//	line feed in a field key: "m a\\\nb=1 1\n"
//	    pointwire: refused (line feed in a name)
//	    InfluxDB 1.x, InfluxDB 2.8.0: "m" | "a\\\nb"=1 @1
//
//	line feed in a string: "m v=\"a\nb\" 1\n"
//	    pointwire: "m" | "v"="a\nb" @1
//	    VictoriaMetrics, openGemini: refused
//
//	two backslashes before a space in a tag, then a quote: "m,a\\\\ b=\" f=1i 1\nn v=1 1\n"
//	    pointwire: "n" | "v"=1 @1; refused (end of line that servers find elsewhere)
//	    InfluxDB 1.x, InfluxDB 2.8.0, VictoriaMetrics: refused
//	    line-protocol/v2: "m" "a\\ b"="\"" | "f"=1i @1; "n" | "v"=1 @1
//
//	two backslashes before a space in a tag: "m,k=a\\\\ b v=1 1\n"
//	    pointwire: "m" "k"="a\\ b" | "v"=1 @1
//	    VictoriaMetrics: refused
//
//	three backslashes before a space in a tag: "m,k=a\\\\\\ b v=1 1\n"
//	    pointwire: "m" "k"="a\\\\ b" | "v"=1 @1
//	    VictoriaMetrics: "m" "k"="a\\ b" | "v"=1 @1
//
//	backslashes before separators in a tag value: "m,k=a\\\\,b\\\\=c v=1 1\n"
//	    pointwire: "m" "k"="a\\,b\\=c" | "v"=1 @1
//	    VictoriaMetrics: "m" "b\\"="c" "k"="a\\" | "v"=1 @1
//
//	backslashes in pairs in a tag value: "m,k=\\\\\\\\server\\\\share v=1 1\n"
//	    pointwire: "m" "k"="\\\\\\\\server\\\\share" | "v"=1 @1
//	    VictoriaMetrics: "m" "k"="\\\\server\\share" | "v"=1 @1
//
//	backslash and n in a string: "m v=\"C:\\new\" 1\n"
//	    pointwire: "m" | "v"="C:\\new" @1
//	    line-protocol/v2: "m" | "v"="C:\new" @1
//
//	tag value that begins with an equals sign: "m,k==a v=1 1\nm,k=\\=a v=2 2\n"
//	    pointwire: "m" "k"="=a" | "v"=2 @2; refused (equals sign in a tag value)
//	    InfluxDB 1.x: "m" "k"="=a" | "v"=1 @1
//	    InfluxDB 2.8.0: "m" "k"="=a" | "v"=2 @2
//	    VictoriaMetrics: "m" "k"="=a" | "v"=1 @1; "m" "k"="=a" | "v"=2 @2
//
//	field with the key time: "m time=1,v=2 1\n"
//	    pointwire: refused (reserved key "time")
//	    InfluxDB 1.x, InfluxDB 2.8.0: "m" | "v"=2 @1
//	    line-protocol/v2, VictoriaMetrics: "m" | "time"=1 "v"=2 @1
//
//	field with the key time alone: "m time=1 1\n"
//	    pointwire: refused (reserved key "time")
//	    InfluxDB 1.x, InfluxDB 2.8.0: refused; lost
//	    line-protocol/v2, VictoriaMetrics: "m" | "time"=1 @1
//	    openGemini: nothing
//
//	tag with the key time: "m,time=x v=1 1\n"
//	    pointwire: refused (reserved key "time")
//	    line-protocol/v2, VictoriaMetrics: "m" "time"="x" | "v"=1 @1
//
//	tag with the key _field: "m,_field=x v=1 1\n"
//	    pointwire: "m" "_field"="x" | "v"=1 @1
//	    InfluxDB 2.8.0: refused
//
//	tag key of one zero byte: "m,\x00=x v=1 1\n"
//	    pointwire: "m" "\x00"="x" | "v"=1 @1
//	    InfluxDB 2.8.0, line-protocol/v2: refused
//
//	tab in a measurement: "a\tb v=1 1\n"
//	    pointwire: "a\tb" | "v"=1 @1
//	    line-protocol/v2: refused
//
//	tab in a tag value: "m,k=a\tb v=1 1\n"
//	    pointwire: "m" "k"="a\tb" | "v"=1 @1
//	    line-protocol/v2: refused
//
//	zero byte in a tag value: "m,k=a\x00b v=1 1\n"
//	    pointwire: "m" "k"="a\x00b" | "v"=1 @1
//	    line-protocol/v2: refused
//
//	control byte in a field key: "m a\x01b=1 1\n"
//	    pointwire: "m" | "a\x01b"=1 @1
//	    line-protocol/v2: refused
//
//	invalid UTF-8 in a tag value: "m,k=a\xffb v=1 1\n"
//	    pointwire: "m" "k"="a\xffb" | "v"=1 @1
//	    line-protocol/v2: refused
//
//	invalid UTF-8 in a string: "m v=\"a\xffb\" 1\n"
//	    pointwire: "m" | "v"="a\xffb" @1
//	    line-protocol/v2: refused
//
//	equals sign in a tag value: "m,k=a=b v=1 1\n"
//	    pointwire: refused (equals sign in a tag value)
//	    VictoriaMetrics: "m" "k"="a=b" | "v"=1 @1
//
//	text after the closing quote: "m v=\"a\"b 1\n"
//	    pointwire: refused (text after the closing quote)
//	    InfluxDB 1.x, InfluxDB 2.8.0: "m" | "v"="a\"" @1
//
//	bad line beside a good one: "m v=1 1\nm v= 2\n"
//	    pointwire: "m" | "v"=1 @1; refused (missing field value)
//	    InfluxDB 2.8.0, VictoriaMetrics: refused
//	    openGemini: "m" | "v"=1 @1
//
//	comment with a double quote: "# a=\"b\nm v=1 1\n"
//	    pointwire: "m" | "v"=1 @1
//	    InfluxDB 1.x, InfluxDB 2.8.0: nothing
//
//	comment that ends with a backslash: "# a\\\nm v=1 1\n"
//	    pointwire: "m" | "v"=1 @1
//	    InfluxDB 1.x, InfluxDB 2.8.0: nothing
//
//	string without its closing quote: "m v=\"a 1\nm v=1 1\n"
//	    pointwire: "m" | "v"=1 @1; refused (unclosed quote)
//	    InfluxDB 1.x, InfluxDB 2.8.0, line-protocol/v2, VictoriaMetrics: refused
//
//	line feed after a quote in a field key: " m= \"\n=1 1\n"
//	    pointwire: refused (missing field value)
//	    InfluxDB 1.x, InfluxDB 2.8.0: "m=" | "\"\n"=1 @1
//
//	line end within what looks like a string: " m= \"=1 1\nn v=1 1\n"
//	    pointwire: "n" | "v"=1 @1; refused (end of line that servers find elsewhere)
//	    InfluxDB 1.x, InfluxDB 2.8.0, VictoriaMetrics: refused
//	    line-protocol/v2: "m=" | "\""=1 @1; "n" | "v"=1 @1
//
//	line of a carriage return: "\r\nm v=1 1\n"
//	    pointwire: "m" | "v"=1 @1; refused (carriage return at the end of the line)
//	    InfluxDB 2.8.0: refused
//	    line-protocol/v2, VictoriaMetrics: "m" | "v"=1 @1
//
//	line end that depends on leading white space: " m,\\\\ =\" v=1 1\n"
//	    pointwire: refused (end of line that servers find elsewhere)
//	    InfluxDB 1.x, InfluxDB 2.8.0, line-protocol/v2: "m" "\\ "="\"" | "v"=1 @1
//
//	carriage return: "m v=1 1\r\n"
//	    pointwire: refused (carriage return at the end of the line)
//	    line-protocol/v2, VictoriaMetrics: "m" | "v"=1 @1
//
//	carriage return after a string: "m v=\"a\"\r\n"
//	    pointwire: refused (carriage return at the end of the line)
//	    InfluxDB 1.x, InfluxDB 2.8.0: "m" | "v"="a\""
//	    line-protocol/v2: "m" | "v"="a"
//	    VictoriaMetrics: "m" | "v"=0
//
//	byte order mark: "\ufeffm v=1 1\n"
//	    pointwire: refused (byte order mark)
//	    InfluxDB 1.x, InfluxDB 2.8.0, line-protocol/v2, VictoriaMetrics: "\ufeffm" | "v"=1 @1
//
//	tab before a line: "\tm v=1 1\n"
//	    pointwire: "m" | "v"=1 @1
//	    line-protocol/v2: refused
//	    VictoriaMetrics: "\tm" | "v"=1 @1
//
//	zero byte before a line: "\x00m v=1 1\n"
//	    pointwire: "m" | "v"=1 @1
//	    line-protocol/v2: refused
//	    VictoriaMetrics: "\x00m" | "v"=1 @1
//
//	space before a line: " m v=1 1\n"
//	    pointwire: "m" | "v"=1 @1
//	    VictoriaMetrics: refused
//
//	tab before the fields: "m \tv=1 1\n"
//	    pointwire: "m" | "v"=1 @1
//	    line-protocol/v2: refused
//	    VictoriaMetrics: "m" | "\tv"=1 @1
//
//	tab before the timestamp: "m v=1 \t1\n"
//	    pointwire: "m" | "v"=1 @1
//	    line-protocol/v2, VictoriaMetrics: refused
//
//	spaces after the timestamp: "m v=1 1  \n"
//	    pointwire: "m" | "v"=1 @1
//	    VictoriaMetrics: refused
//
//	line of spaces: "  \nm v=1 1\n"
//	    pointwire: "m" | "v"=1 @1
//	    VictoriaMetrics: refused
//
//	line of tabs: "\t\nm v=1 1\n"
//	    pointwire: "m" | "v"=1 @1
//	    line-protocol/v2: "m" | "v"=1 @1; refused
//	    VictoriaMetrics: refused
//
//	comment after white space: " # a\nm v=1 1\n"
//	    pointwire: "m" | "v"=1 @1
//	    VictoriaMetrics: refused
//
//	double quote in a field key: "m a\"b=1 1\n"
//	    pointwire: "m" | "a\"b"=1 @1
//	    VictoriaMetrics: "m" | "a\"b"=0
//
//	escaped double quote in a field key: "m a\\\"b=1 1\n"
//	    pointwire: "m" | "a\"b"=1 @1
//	    line-protocol/v2, VictoriaMetrics: "m" | "a\\\"b"=1 @1
//
//	unsigned integer: "m v=1u 1\n"
//	    pointwire: "m" | "v"=1u @1
//	    InfluxDB 1.x, openGemini: refused
//
//	field without a key after a tab: "m \t=1,v=2 1\n"
//	    pointwire: refused (missing field key)
//	    InfluxDB 1.x, InfluxDB 2.8.0: "m" | "v"=2 "val0"=1 @1
//	    VictoriaMetrics: "m" | "\t"=1 "v"=2 @1
//
//	tag without a value: "m,k= v=1 1\n"
//	    pointwire: refused (missing tag value)
//	    VictoriaMetrics: "m" | "v"=1 @1
//
//	tag without a key: "m,=a v=1 1\n"
//	    pointwire: refused (missing tag key)
//	    VictoriaMetrics: "m" | "v"=1 @1
//
//	no measurement: ",k=a v=1 1\n"
//	    pointwire: refused (missing measurement)
//	    VictoriaMetrics: "" "k"="a" | "v"=1 @1
//
//	tag twice: "m,k=a,k=b v=1 1\n"
//	    pointwire: refused (duplicate tag)
//	    line-protocol/v2, VictoriaMetrics: "m" "k"="a" "k"="b" | "v"=1 @1
//	    openGemini: refused
//
//	field twice: "m v=1,v=2 1\n"
//	    pointwire: "m" | "v"=1 "v"=2 @1
//	    InfluxDB 1.x, InfluxDB 2.8.0: "m" | "v"=2 @1
//
//	NaN: "m v=nan 1\n"
//	    pointwire: refused (invalid field value)
//	    VictoriaMetrics: "m" | "v"=NaN @1
//	    openGemini: refused
//
//	infinity: "m v=inf 1\n"
//	    pointwire: refused (invalid field value)
//	    VictoriaMetrics: "m" | "v"=+Inf @1
//	    openGemini: refused
//
//	plus sign before a number: "m v=+1 1\n"
//	    pointwire: refused (invalid field value)
//	    VictoriaMetrics: "m" | "v"=0 @1
//
//	underscore in a number: "m v=1_0 1\n"
//	    pointwire: refused (invalid field value)
//	    line-protocol/v2: "m" | "v"=10 @1
//	    VictoriaMetrics: "m" | "v"=0 @1
//
//	digit missing in an exponent: "m v=1e 1\n"
//	    pointwire: refused (invalid field value)
//	    VictoriaMetrics: "m" | "v"=0 @1
//
//	hexadecimal number: "m v=0x10 1\n"
//	    pointwire: refused (invalid field value)
//	    VictoriaMetrics: "m" | "v"=0 @1
//
//	hexadecimal float: "m v=0x1p-2 1\n"
//	    pointwire: refused (invalid field value)
//	    line-protocol/v2: "m" | "v"=0.25 @1
//	    VictoriaMetrics: "m" | "v"=0 @1
//
//	float out of range: "m v=1e999 1\n"
//	    pointwire: refused (number out of range)
//	    VictoriaMetrics: "m" | "v"=+Inf @1
//
//	word as a value: "m v=yes 1\n"
//	    pointwire: refused (invalid field value)
//	    VictoriaMetrics: "m" | "v"=0 @1
//
//	time out of range: "m v=1 9223372036854775807\n"
//	    pointwire: refused (time out of range)
//	    line-protocol/v2, VictoriaMetrics: "m" | "v"=1 @9223372036854775807
//
//	no fields: "m,k=a\n"
//	    pointwire: refused (missing fields)
//	    openGemini: refused
//
//	measurement, tags and field key too long: "m,k=a… v=1 1\n"
//	    pointwire: refused (measurement, tags and field key too long)
//	    line-protocol/v2, VictoriaMetrics: "m" "k"="a…" | "v"=1 @1
//
// What all of them read alike:
//
//	backslash in a measurement: "a\\b v=1 1\n"
//	    pointwire: "a\\b" | "v"=1 @1
//
//	escaped equals sign in a field key: "m a\\=1=2 1\n"
//	    pointwire: "m" | "a=1"=2 @1
//
//	backslash before a letter in a tag value: "m,k=C:\\Windows v=1 1\n"
//	    pointwire: "m" "k"="C:\\Windows" | "v"=1 @1
//
//	backslash and n in a tag value: "m,k=C:\\new v=1 1\n"
//	    pointwire: "m" "k"="C:\\new" | "v"=1 @1
//
//	backslash before a separator in a string: "m v=\"a\\,b\\ c\\=d\" 1\n"
//	    pointwire: "m" | "v"="a\\,b\\ c\\=d" @1
//
//	zero byte in a string: "m v=\"a\x00b\" 1\n"
//	    pointwire: "m" | "v"="a\x00b" @1
//
//	equals sign in a measurement: "a=b v=1 1\n"
//	    pointwire: "a=b" | "v"=1 @1
//
//	double quote in a tag value: "m,k=a\"b v=1 1\n"
//	    pointwire: "m" "k"="a\"b" | "v"=1 @1
//
//	tab after the timestamp: "m v=1 1\t\n"
//	    pointwire: refused (invalid timestamp)
//
//	space after the fields: "m v=1 \n"
//	    pointwire: "m" | "v"=1
//
//	comma without a tag: "m, v=1 1\n"
//	    pointwire: refused (missing tag key)
//
//	number that ends with a point: "m v=1. 1\n"
//	    pointwire: "m" | "v"=1 @1
//
//	number that begins with a point: "m v=.5 1\n"
//	    pointwire: "m" | "v"=0.5 @1
//
//	integer out of range: "m v=9223372036854775808i 1\n"
//	    pointwire: refused (number out of range)
//
//	unsigned integer out of range: "m v=18446744073709551616u 1\n"
//	    pointwire: refused (number out of range)
//
//	fraction with the suffix i: "m v=1.5i 1\n"
//	    pointwire: refused (invalid field value)
//
//	time beyond 64 bits: "m v=1 9223372036854775808\n"
//	    pointwire: refused (time out of range)
//
//	time with a fraction: "m v=1 1.5\n"
//	    pointwire: refused (invalid timestamp)
//
//	text after the timestamp: "m v=1 1 x\n"
//	    pointwire: refused (text after the timestamp)
//
//	comma without a field: "m v=1, 1\n"
//	    pointwire: refused (missing field key)
//
//	field without a value: "m v= 1\n"
//	    pointwire: refused (missing field value)
//
// [dialect.Rows]: https://pkg.go.dev/github.com/pointwire/pointwire/internal/line/dialect#Rows
package line
