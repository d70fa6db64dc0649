/* A stand-in for libtorch_cuda.so and libcudart.so: does nothing and writes down what it was asked. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char text[1 << 22];
static size_t used;
static uintptr_t streams, events;
static int devices = 1;
static __thread void *current;

static void say(const char *what, void *a, void *b) {
    pthread_mutex_lock(&lock);
    used += (size_t)snprintf(text + used, sizeof text - used, "%s %lx %lx\n", what, (unsigned long)a, (unsigned long)b);
    pthread_mutex_unlock(&lock);
}

const char *standin_log(void) { return text; }
void standin_note(const char *what, void *a, void *b) { say(what, a, b); }
void standin_clear(int count) { pthread_mutex_lock(&lock); used = 0; text[0] = 0; streams = events = 0; devices = count; pthread_mutex_unlock(&lock); }

int32_t torch_get_cuda_stream_from_pool(bool high, int32_t device, void **stream) {
    (void)high; (void)device;
    pthread_mutex_lock(&lock); *stream = (void *)(0x10 + streams++); pthread_mutex_unlock(&lock);
    return 0;
}
int32_t torch_set_current_cuda_stream(void *stream, int32_t device) { (void)device; current = stream; say("current", stream, 0); return 0; }
int32_t aoti_torch_get_current_cuda_stream(int32_t device, void **stream) { (void)device; *stream = current; return 0; }
int32_t torch_cuda_stream_synchronize(void *stream, int32_t device) { (void)device; say("synchronize-stream", stream, 0); return 0; }

int cudaGetDeviceCount(int *count) { *count = devices; return devices < 0 ? 100 : 0; }
int cudaSetDevice(int device) { (void)device; return 0; }
int cudaEventCreateWithFlags(void **event, unsigned flags) {
    pthread_mutex_lock(&lock); *event = (void *)(0x1000 + events++); pthread_mutex_unlock(&lock);
    say("create", *event, (void *)(uintptr_t)flags);
    return 0;
}
int cudaEventRecord(void *event, void *stream) { say("record", event, stream); return 0; }
int cudaStreamWaitEvent(void *stream, void *event, unsigned flags) { (void)flags; say("wait", event, stream); return 0; }
int cudaEventQuery(void *event) { (void)event; return 600; }
int cudaEventSynchronize(void *event) { say("synchronize-event", event, 0); return 0; }
int cudaEventDestroy(void *event) { say("destroy", event, 0); return 0; }
const char *cudaGetErrorString(int code) { return code == 100 ? "no CUDA-capable device is detected" : "some error"; }
