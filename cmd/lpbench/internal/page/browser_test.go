package page

import (
	"context"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// browser returns a headless Chromium, or skips the test; with
// POINTWIRE_REQUIRE_BROWSER=1 its want is a failure.
func browser(t *testing.T) string {
	t.Helper()
	required := os.Getenv("POINTWIRE_REQUIRE_BROWSER") == "1"
	if testing.Short() && !required {
		t.Skip("a browser takes its time")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if required {
		t.Fatal("no chromium on the PATH")
	}
	t.Skip("no chromium on the PATH")
	return ""
}

// chromium runs the browser on a file and returns what it printed.
func chromium(t *testing.T, file string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args = append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--allow-file-access-from-files", "--user-data-dir=" + t.TempDir()}, args...)
	cmd := exec.CommandContext(ctx, browser(t), append(args, "file://"+file)...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, out)
	}
	return string(out)
}

func save(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestNumbers reads the figures back from the page that the browser made.
func TestNumbers(t *testing.T) {
	dom := chromium(t, save(t, "report.html", render(t)), "--dump-dom")
	r := report(t)
	read := map[string]map[string]string{}
	for _, m := range regexp.MustCompile(`<li class="bar contender[^>]*>`).FindAllString(dom, -1) {
		values := attributes(m)
		read[values["contender"]] = values
	}
	for _, want := range r.Results {
		if want.Contender == floor {
			continue // which is said in words
		}
		got := read[want.Contender]
		for name, v := range map[string]float64{"ratio": want.Ratio, "lo": want.RatioLo, "hi": want.RatioHi, "ns": want.Ns} {
			if f, err := strconv.ParseFloat(got[name], 64); err != nil || f != v {
				t.Errorf("%s: %s is %q on the page, %v in the results", want.Contender, name, got[name], v)
			}
		}
	}
	var goals []map[string]string
	for _, m := range regexp.MustCompile(`<li class="bar goal[^>]*>`).FindAllString(dom, -1) {
		goals = append(goals, attributes(m))
	}
	if len(goals) != len(r.Goals) {
		t.Fatalf("%d goals on the page, %d in the results", len(goals), len(r.Goals))
	}
	for i := range r.Goals {
		if g, want := goals[i], r.Goals[i]; g["goal"] != fmt.Sprint(want.Factor) || g["ratio"] != fmt.Sprint(want.Ratio) || g["verdict"] != want.Verdict() {
			t.Errorf("goal %v on the page, %+v in the results", g, want)
		}
	}
	for _, part := range []string{`id="tally">2 of 4 met, 3 without a figure<`, ">8×</b>", ">7.5–8.25</span>", ">wrong</span>", "✗ not met", "✓ met"} {
		if !strings.Contains(dom, part) {
			t.Errorf("no %q on the page", part)
		}
	}
}

// attributes returns the data- attributes of a tag.
func attributes(tag string) map[string]string {
	values := map[string]string{}
	for _, m := range regexp.MustCompile(`data-([a-z]+)="([^"]*)"`).FindAllStringSubmatch(tag, -1) {
		values[m[1]] = m[2]
	}
	return values
}

// probe shows the page in a frame that is as wide as a phone or a desk, since a
// window cannot be as narrow, and prints what sticks out of it.
const probe = `<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe id="f" src="report.html" style="border:0;width:%dpx;height:800px"></iframe>
<script>
f.onload = function () {
	const d = f.contentDocument, w = f.contentWindow.innerWidth, out = [];
	for (const e of d.querySelectorAll("body *")) {
		const r = e.getBoundingClientRect();
		if (r.right > w + 0.5 || r.left < -0.5) out.push(e.tagName + "." + e.className);
	}
	const fill = e => e.querySelector(".fill").getBoundingClientRect().width / e.querySelector(".track").getBoundingClientRect().width;
	const own = d.querySelector('[data-contender="pointwire-schema"][data-hi]');
	document.title = "width=" + w + " scroll=" + d.documentElement.scrollWidth + " out=" + out.join(",") +
		" fill=" + fill(own).toFixed(3) + " small=" + Array.from(d.querySelectorAll("main *")).filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).length;
};
</script>`

// frame returns what the probe says about a page.
func frame(t *testing.T, html string, width int) string {
	t.Helper()
	file := filepath.Join(filepath.Dir(save(t, "report.html", html)), "frame.html")
	if err := os.WriteFile(file, fmt.Appendf(nil, probe, width), 0o666); err != nil {
		t.Fatal(err)
	}
	dom := chromium(t, file, "--dump-dom", "--window-size=1400,900")
	title := regexp.MustCompile(`<title>(.*)</title>`).FindStringSubmatch(dom)
	if title == nil {
		t.Fatalf("the frame did not load:\n%s", dom)
	}
	return title[1]
}

// TestWidths holds that nothing sticks out at the width of a phone or of a desk,
// that bars are as long as they say, and that no text is smaller than 12 px.
func TestWidths(t *testing.T) {
	html := render(t)
	for _, width := range []int{320, 375, 768, 1280} {
		want := fmt.Sprintf("width=%d scroll=%d out= fill=0.970 small=0", width, width)
		if got := frame(t, html, width); got != want {
			t.Errorf("%d px: %s, want %s", width, got, want)
		}
	}
	// What sticks out is seen.
	spoilt := strings.Replace(html, "<h2>", `<h2 class="spoilt" style="width:500px">`, 1)
	if got := frame(t, spoilt, 375); !strings.Contains(got, "scroll=516 out=H2.spoilt ") {
		t.Errorf("a heading of 500 px in 375: %s", got)
	}
}

// TestScreens takes the pictures that a person looks at, and holds that light
// and dark are what they say. POINTWIRE_SCREENS names a directory to keep them.
func TestScreens(t *testing.T) {
	dir := os.Getenv("POINTWIRE_SCREENS")
	if dir == "" {
		dir = t.TempDir()
	}
	file := save(t, "report.html", render(t))
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int{375, 1280} {
			picture := filepath.Join(dir, fmt.Sprintf("report-%d-%s.png", width, scheme))
			chromium(t, file, fmt.Sprintf("--window-size=%d,1600", width), "--screenshot="+picture,
				"--blink-settings=preferredColorScheme="+map[string]string{"dark": "0", "light": "1"}[scheme])
			f, err := os.Open(picture)
			if err != nil {
				t.Fatal(err)
			}
			img, _, err := image.Decode(f)
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			r, _, _, _ := img.At(2, 2).RGBA()
			if dark := r < 0x4000; dark != (scheme == "dark") || img.Bounds().Dx() != width {
				t.Errorf("%s: %v, the ground has the red of %#x", picture, img.Bounds(), r)
			}
		}
	}
}
