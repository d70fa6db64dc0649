/* Nanoseconds per node and item of GStreamer: a chain of 50 `identity` elements that hand on empty buffers.
 *
 *     cc -O2 gstreamer.c -o gstreamer $(pkg-config --cflags --libs gstreamer-1.0) && ./gstreamer ITEMS
 */

#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>

enum { NODES = 50 };

int main(int count, char **words) {
    int items = count > 1 ? atoi(words[1]) : 20000;
    gst_init(NULL, NULL);
    GString *text = g_string_new(NULL);
    g_string_printf(text, "fakesrc num-buffers=%d sizetype=empty silent=true", items);
    for (int index = 0; index < NODES; ++index) g_string_append(text, " ! identity silent=true signal-handoffs=false");
    g_string_append(text, " ! fakesink sync=false silent=true signal-handoffs=false");
    GError *error = NULL;
    GstElement *chain = gst_parse_launch(text->str, &error);
    if (chain == NULL || error != NULL) {
        fprintf(stderr, "%s\n", error ? error->message : "no pipeline");
        return 1;
    }
    /* Everything is set up before the clock starts. */
    gst_element_set_state(chain, GST_STATE_READY);
    GstBus *bus = gst_element_get_bus(chain);
    gint64 began = g_get_monotonic_time();
    gst_element_set_state(chain, GST_STATE_PLAYING);
    GstMessage *message = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    double took = (double)(g_get_monotonic_time() - began) * 1000.0;
    int failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
    printf("%.1f\n", took / NODES / items);
    gst_element_set_state(chain, GST_STATE_NULL);
    return failed;
}
