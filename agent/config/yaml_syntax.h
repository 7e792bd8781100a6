/* What a person should do about libyaml's complaints. Inside of config only; pure, any thread. */
#pragma once

#include <stdbool.h>
#include <yaml.h>

/* The fault in words with its cure, by the parser's problem and context; NULL where nothing better is known. */
const char *yaml_syntax_cure(const yaml_parser_t *parser);

/* Whether one of libyaml's sentences (which may be NULL) begins so. A NULL beginning fits all. */
bool yaml_syntax_begins(const char *sentence, const char *with);
