/* The C interface of Flux for a server without Flux. Flux is a Rust library; the
 * header is the one of the Go module flux, so that a prototype that changes is an
 * error of the compiler. Every function that would parse, analyze or print Flux
 * reports the same error. Two have to answer for the server to start: they hand
 * out the tables of builtin names that tables.go made. */

#include <stdio.h>

#include "influxdata/flux.h"
#include "tables.h"

struct flux_error_t {
	const char *text;
};

static struct flux_error_t without_flux = {"this server was built without Flux"};

void flux_get_env_stdlib(struct flux_buffer_t *out)
{
	out->data = (char *)environment;
	out->len = sizeof environment;
}

void flux_semantic_packages(struct flux_buffer_t *out)
{
	out->data = (char *)packages;
	out->len = sizeof packages;
}

/* What is handed out is static: there is nothing to free. */
void flux_free_bytes(const char *bytes) { (void)bytes; }
void flux_free_error(struct flux_error_t *e) { (void)e; }
void flux_free_ast_pkg(struct flux_ast_pkg_t *p) { (void)p; }
void flux_free_semantic_pkg(struct flux_semantic_pkg_t *p) { (void)p; }
void flux_free_stateful_analyzer(struct flux_stateful_analyzer_t *a) { (void)a; }

const char *flux_error_str(struct flux_error_t *e) { return e->text; }
void flux_error_print(struct flux_error_t *e) { puts(e->text); }

/* Parsing has no way to report an error: its caller asks flux_ast_get_error. */
struct flux_ast_pkg_t *flux_parse(const char *name, const char *source)
{
	(void)name, (void)source;
	return NULL;
}

struct flux_stateful_analyzer_t *flux_new_stateful_analyzer(const char *options)
{
	(void)options;
	return NULL;
}

struct flux_error_t *flux_ast_get_error(struct flux_ast_pkg_t *p, const char *options)
{
	(void)p, (void)options;
	return &without_flux;
}

struct flux_error_t *flux_ast_format(struct flux_ast_pkg_t *p, struct flux_buffer_t *out)
{
	(void)p, (void)out;
	return &without_flux;
}

struct flux_error_t *flux_merge_ast_pkgs(struct flux_ast_pkg_t *to, struct flux_ast_pkg_t *from)
{
	(void)to, (void)from;
	return &without_flux;
}

struct flux_error_t *flux_parse_json(const char *json, struct flux_ast_pkg_t **out)
{
	(void)json, (void)out;
	return &without_flux;
}

struct flux_error_t *flux_ast_marshal_json(struct flux_ast_pkg_t *p, struct flux_buffer_t *out)
{
	(void)p, (void)out;
	return &without_flux;
}

struct flux_error_t *flux_analyze(struct flux_ast_pkg_t *p, const char *options, struct flux_semantic_pkg_t **out)
{
	(void)p, (void)options, (void)out;
	return &without_flux;
}

struct flux_error_t *flux_analyze_with(struct flux_stateful_analyzer_t *a, const char *source,
	struct flux_ast_pkg_t *p, struct flux_semantic_pkg_t **out)
{
	(void)a, (void)source, (void)p, (void)out;
	return &without_flux;
}

struct flux_error_t *flux_find_var_type(struct flux_semantic_pkg_t *p, const char *name, struct flux_buffer_t *out)
{
	(void)p, (void)name, (void)out;
	return &without_flux;
}

struct flux_error_t *flux_semantic_marshal_fb(struct flux_semantic_pkg_t *p, struct flux_buffer_t *out)
{
	(void)p, (void)out;
	return &without_flux;
}
