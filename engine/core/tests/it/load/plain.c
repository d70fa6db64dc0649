/* A plugin in C without libtorch, `plain`: complete as it is, broken in one way by each macro. */
#include "voxloom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef NAME
#define NAME "plain"
#endif
#ifndef OPERATOR
#define OPERATOR "plain.echo"
#endif
#ifndef LIBTORCH
#define LIBTORCH ""
#endif
#ifndef ABOUT
#define ABOUT "Hands its input on."
#endif
#ifdef FAILS /* with this status, and no input */
#define INPUTS "[]"
#else
#define INPUTS "[{\"name\": \"value\", \"type\": \"any\"}]"
#endif
#ifndef DESCRIPTION
#define DESCRIPTION                                                                                                            \
    "{\"name\": \"" OPERATOR "\", \"about\": \"" ABOUT "\", \"params\": {\"type\": \"object\", \"properties\": {\"times\": "        \
    "{\"type\": \"integer\", \"default\": 1, \"description\": \"How often.\"}}, \"required\": []}, \"entries\": [{\"name\": "         \
    "\"run\", \"kind\": \"map\", \"params\": {\"type\": \"object\", \"properties\": {}, \"required\": []}, \"inputs\": " INPUTS \
    ", \"outputs\": [{\"name\": \"value\", \"type\": \"any\"}]}]}"
#endif

/* ------------------------------------------------------------------------------------------ what goes wrong while loading */

#ifdef CRASHES
__attribute__((constructor)) static void crash(void) {
    volatile int *nowhere = NULL;
    *nowhere = 1;
}
#endif
#ifdef ABORTS
__attribute__((constructor)) static void give_up(void) {
    fprintf(stderr, "licence server not reached\n");
    abort();
}
#endif
#ifdef EXITS
__attribute__((constructor)) static void leave(void) { _exit(3); }
#endif
#ifdef HANGS
__attribute__((constructor)) static void wait_for_ever(void) {
    for (;;) {
        sleep(1);
    }
}
#endif
#ifdef TALKS
__attribute__((constructor)) static void talk(void) {
    printf("voxloom-answer of a library that talks\n");
    fflush(stdout);
}
#endif
#ifdef UNRESOLVED
extern int a_function_of_another_version(int);
int use_it(void);
int use_it(void) { return a_function_of_another_version(1); }
#endif

/* ------------------------------------------------------------------------------------------------------- the operator */

static void describe(const vx_sink *sink) { vx_write(sink, DESCRIPTION); }

static vx_status check(uint32_t entry, vx_str params, const vx_sink *error) {
    (void)entry;
    char text[256] = {0};
    memcpy(text, params.data, params.len < 255 ? params.len : 255);
    if (strstr(text, "13") != NULL) {
        vx_write(error, "times\tmust not be 13");
        return VX_INVALID;
    }
    return VX_OK;
}

static vx_status create(const vx_context *context, vx_str params, void **instance, const vx_sink *error) {
    (void)context, (void)params, (void)error;
    *instance = NULL;
    return VX_OK;
}

static vx_status bind(void *instance, uint32_t entry, vx_str params, const vx_module_ref *uses, const uint32_t *use_counts,
                      size_t n_uses, void **call, const vx_sink *error) {
    (void)instance, (void)entry, (void)params, (void)uses, (void)use_counts, (void)n_uses, (void)error;
    *call = NULL;
    return VX_OK;
}

static vx_status run(void *call, const vx_context *context, const vx_value *inputs, size_t n_inputs, vx_value *outputs,
                     size_t n_outputs, const vx_sink *error) {
    (void)call, (void)context, (void)n_inputs, (void)n_outputs, (void)error;
#ifdef FAILS
    (void)inputs, (void)outputs;
    vx_write(error, "it was asked to");
    return FAILS;
#else
    outputs[0] = inputs[0];
    outputs[0].handle = inputs[0].table->clone(inputs[0].handle);
    return VX_OK;
#endif
}

static vx_status no_open(void *call, const vx_context *context, const vx_value *inputs, size_t n_inputs, void **state,
                         const vx_sink *error) {
    (void)call, (void)context, (void)inputs, (void)n_inputs, (void)state, (void)error;
    return VX_FATAL;
}

static vx_status no_outputs(void *state, const vx_context *context, vx_value *outputs, size_t n_outputs, const vx_sink *error) {
    (void)state, (void)context, (void)outputs, (void)n_outputs, (void)error;
    return VX_FATAL;
}

static vx_status no_push(void *state, const vx_context *context, const vx_value *inputs, size_t n_inputs, const vx_sink *error) {
    (void)state, (void)context, (void)inputs, (void)n_inputs, (void)error;
    return VX_FATAL;
}

static void nothing(void *what) { (void)what; }

#ifdef NULL_RUN
#define RUN (0 ? run : NULL)
#else
#define RUN run
#endif
#ifndef TABLE_SIZE
#define TABLE_SIZE sizeof(vx_operator)
#endif

static const vx_operator echo = {TABLE_SIZE, 0,       VX_STR(OPERATOR), describe,   check,   create, nothing, bind, nothing, RUN,
                                 no_open,    no_outputs, no_push,       no_outputs, nothing, NULL,   NULL,    NULL};

/* -------------------------------------------------------------------------------------------------------- the constant */

static const vx_operator *const operators[] = {&echo};

#ifndef ABI
#define ABI VX_ABI_MAJOR
#endif
#ifndef MAGIC
#define MAGIC {'V', 'O', 'X', 'L', 'O', 'O', 'M', 0}
#endif
#ifndef STRUCT_SIZE
#define STRUCT_SIZE sizeof(vx_plugin)
#endif

#ifndef NO_SYMBOL
const vx_plugin voxloom_plugin = {MAGIC,        ABI, 7, STRUCT_SIZE, 1, VX_STR(NAME), VX_STR("0.3.1"), VX_STR(LIBTORCH), operators};
#else
const vx_operator *const *what_it_has_instead(void);
const vx_operator *const *what_it_has_instead(void) { return operators; }
#endif
