#include "cli/arguments.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "util/alloc.h"
#include "util/suggest.h"

/* More than any command has. */
#define OPTIONS_MAX 20
#define FORM_MAX    64

static const struct trawl_cli_option help = {"help", NULL, "this text", .letter = 'h'};

/* --- help ---------------------------------------------------------------------------------------- */

/* "-o, --output FILE". Returns its length. */
static int write_form(const struct trawl_cli_option *option, char form[FORM_MAX])
{
    const char letter[] = {'-', option->letter, ',', ' ', '\0'};

    return snprintf(form, FORM_MAX, "%s--%s%s%s", option->letter ? letter : "", option->name,
                    option->value ? " " : "", option->value ? option->value : "");
}

static void print_option(const struct trawl_cli_option *option, int width)
{
    const char *line = option->help;
    char form[FORM_MAX];

    write_form(option, form);
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        printf("  %-*s  %.*s\n", width, form, (int)(end - line), line);
        form[0] = '\0';
    }
    printf("  %-*s  %s\n", width, form, line);
}

static int print_help(const struct trawl_cli_syntax *syntax)
{
    char form[FORM_MAX];
    int width = write_form(&help, form);

    for (const struct trawl_cli_option *option = syntax->options; option->name; option++) {
        int len = write_form(option, form);

        width = len > width ? len : width;
    }
    printf("%s\n", syntax->about);
    for (const struct trawl_cli_option *option = syntax->options; option->name; option++)
        print_option(option, width);
    print_option(&help, width);
    if (syntax->ending)
        printf("\n%s", syntax->ending);
    return TRAWL_EXIT_COMPLETED;
}

/* --- mistakes ------------------------------------------------------------------------------------ */

static int refuse_unknown(const struct trawl_cli_syntax *syntax, const char *word)
{
    TRAWL_AUTO_FREE char *name = trawl_xstrndup(word, strcspn(word, "="));
    const char *names[OPTIONS_MAX + 1];
    const char *nearest;
    size_t count = 0;

    for (; syntax->options[count].name; count++)
        names[count] = syntax->options[count].name;
    names[count++] = help.name;
    nearest = trawl_suggest(name + 2, names, count);
    if (nearest)
        return trawl_cli_usage(syntax->command, "there is no option '%s'; did you mean '--%s'?",
                               name, nearest);
    return trawl_cli_usage(syntax->command, "there is no option '%s'", name);
}

/* `option` is NULL where there is none of this name or letter; `word` is the argument that holds it. */
static int refuse(const struct trawl_cli_syntax *syntax, const struct trawl_cli_option *option,
                  const char *word)
{
    if (option)
        return trawl_cli_usage(syntax->command, "option '--%s' %s", option->name,
                               option->value ? "needs a value" : "takes no value");
    if (optopt)
        return trawl_cli_usage(syntax->command, "there is no option '-%c'", optopt);
    return refuse_unknown(syntax, word);
}

/* --- parsing ------------------------------------------------------------------------------------- */

/* What getopt_long() tells an option by: its letter, or what no letter is. */
static int key_of(const struct trawl_cli_option *options, size_t i)
{
    return options[i].letter ? options[i].letter : 256 + (int)i;
}

static const struct trawl_cli_option *find(const struct trawl_cli_option *options, int key)
{
    for (size_t i = 0; options[i].name; i++) {
        if (key_of(options, i) == key)
            return &options[i];
    }
    return key == help.letter ? &help : NULL;
}

static struct option to_getopt(const struct trawl_cli_option *option, int key)
{
    return (struct option){option->name, option->value ? required_argument : no_argument, NULL,
                           key};
}

static void fill(const struct trawl_cli_option *options, struct option names[], char *letters)
{
    size_t i;

    *letters++ = ':'; /* getopt_long() prints nothing */
    for (i = 0; options[i].name; i++) {
        assert(i < OPTIONS_MAX);
        names[i] = to_getopt(&options[i], key_of(options, i));
        if (options[i].letter)
            *letters++ = options[i].letter;
        if (options[i].letter && options[i].value)
            *letters++ = ':';
    }
    names[i] = to_getopt(&help, help.letter);
    *letters = help.letter;
}

static int take_number(const struct trawl_cli_syntax *syntax, const struct trawl_cli_option *option)
{
    long long number;

    if (trawl_cli_parse_number(optarg, option->min, option->max, &number) < 0)
        return trawl_cli_usage(syntax->command, "--%s is a number from %u to %u, not '%s'",
                               option->name, option->min, option->max, optarg);
    *option->number = (unsigned)number;
    return -1;
}

static int take(const struct trawl_cli_syntax *syntax, const struct trawl_cli_option *option)
{
    if (option->take)
        return option->take(option->to, optarg);
    if (option->number)
        return take_number(syntax, option);
    if (option->text)
        *option->text = optarg;
    else if (option->flag)
        *option->flag = true;
    else
        return print_help(syntax);
    return -1;
}

int trawl_cli_parse(const struct trawl_cli_syntax *syntax, int *argc, char ***argv)
{
    struct option names[OPTIONS_MAX + 2] = {0};
    char letters[2 * OPTIONS_MAX + 3] = "";
    int code = -1;
    int c;

    fill(syntax->options, names, letters);
    optind = 0; /* begin anew: tests parse more than once */
    while (code < 0 && (c = getopt_long(*argc, *argv, letters, names, NULL)) != -1) {
        bool wrong = c == ':' || c == '?';
        const struct trawl_cli_option *option = find(syntax->options, wrong ? optopt : c);

        code = wrong ? refuse(syntax, option, (*argv)[optind - 1]) : take(syntax, option);
    }
    if (code >= 0)
        return code;
    *argc -= optind;
    *argv += optind;
    if (*argc > syntax->max_words)
        return trawl_cli_usage(syntax->command, "'%s' is one argument too many",
                               (*argv)[syntax->max_words]);
    return -1;
}
