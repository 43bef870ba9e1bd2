"""Builds `_libpri`, the cffi binding of Debian's static libpri: `python -m appliance.pri_card.build_libpri`.

The module lands beside this file, one for each Python version.  libpri is linked in whole, with its clock
replaced by ours (`--wrap=gettimeofday`), so that a test can run its timers in virtual time.  Needs gcc and
the headers of libpri and of Python; nothing is fetched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Final

from appliance.errors import DeviceError

ROOM: Final = Path(__file__).resolve().parent
REMEDY: Final = "Run: apt-get install libpri-dev gcc python3-dev"

CDEF: Final = """
typedef struct q931_call q931_call;
struct pri;
struct pri_sr;

#define PRI_NETWORK ...
#define PRI_CPE ...
#define PRI_SWITCH_EUROISDN_T1 ...
#define PRI_TRANS_CAP_SPEECH ...
#define PRI_TRANS_CAP_3_1K_AUDIO ...
#define PRI_LAYER_1_ULAW ...
#define PRI_UNKNOWN ...
#define PRES_ALLOWED_USER_NUMBER_NOT_SCREENED ...
#define PRES_PROHIB_USER_NUMBER_NOT_SCREENED ...
#define PRI_PRES_RESTRICTION ...
#define PRI_PROG_INBAND_AVAILABLE ...
#define PRI_DATE_TIME_SEND_NO ...

#define PRI_EVENT_DCHAN_UP ...
#define PRI_EVENT_DCHAN_DOWN ...
#define PRI_EVENT_RESTART ...
#define PRI_EVENT_CONFIG_ERR ...
#define PRI_EVENT_RING ...
#define PRI_EVENT_HANGUP ...
#define PRI_EVENT_RINGING ...
#define PRI_EVENT_ANSWER ...
#define PRI_EVENT_HANGUP_ACK ...
#define PRI_EVENT_RESTART_ACK ...
#define PRI_EVENT_PROCEEDING ...
#define PRI_EVENT_HANGUP_REQ ...
#define PRI_EVENT_PROGRESS ...
#define PRI_EVENT_SETUP_ACK ...
#define PRI_EVENT_CONNECT_ACK ...

static const int PRI_TIMER_K;
static const int PRI_TIMER_N200;
static const int PRI_TIMER_T200;
static const int PRI_TIMER_T203;
static const int PRI_TIMER_T303;
static const int PRI_TIMER_T305;
static const int PRI_TIMER_T308;
static const int PRI_TIMER_T309;
static const int PRI_TIMER_T316;
static const int PRI_TIMER_N316;

typedef struct { int e; char err[256]; ...; } pri_event_error;
typedef struct { int e; int channel; ...; } pri_event_restart;
typedef struct { int e; int channel; ...; } pri_event_restart_ack;
typedef struct { int e; int channel; int cref; int progressmask; q931_call *call; ...; } pri_event_ringing;
typedef struct { int e; int channel; int cref; int progressmask; q931_call *call; ...; } pri_event_answer;
typedef struct {
    int e; int channel; int callingpres; char callingnum[256]; char callednum[256]; int flexible; int cref;
    int ctype; int complete; q931_call *call; ...;
} pri_event_ring;
typedef struct { int e; int channel; int cause; int cref; q931_call *call; ...; } pri_event_hangup;
typedef struct {
    int e; int channel; int cref; int progressmask; int cause; q931_call *call; ...;
} pri_event_proceeding;
typedef struct { int e; int channel; q931_call *call; ...; } pri_event_setup_ack;
struct pri_event_connect_ack { int e; int channel; q931_call *call; ...; };
typedef union {
    int e;
    pri_event_error err;
    pri_event_restart restart;
    pri_event_restart_ack restartack;
    pri_event_ring ring;
    pri_event_hangup hangup;
    pri_event_ringing ringing;
    pri_event_answer answer;
    pri_event_proceeding proceeding;
    pri_event_setup_ack setup_ack;
    struct pri_event_connect_ack connect_ack;
    ...;
} pri_event;

typedef int (*pri_io_cb)(struct pri *pri, void *buf, int buflen);
struct pri *pri_new_cb(int fd, int nodetype, int switchtype, pri_io_cb io_read, pri_io_cb io_write,
    void *userdata);
void *pri_get_userdata(struct pri *pri);
void pri_set_message(void (*report)(struct pri *pri, char *));
void pri_set_error(void (*report)(struct pri *pri, char *));
void pri_set_debug(struct pri *pri, int debug);
void pri_set_inbanddisconnect(struct pri *pri, unsigned int enable);
void pri_hangup_fix_enable(struct pri *ctrl, int enable);
void pri_date_time_send_option(struct pri *ctrl, int option);
int pri_set_timer(struct pri *pri, int timer, int value);

pri_event *pri_check_event(struct pri *pri);
pri_event *pri_schedule_run(struct pri *pri);
struct timeval { long tv_sec; long tv_usec; ...; };
struct timeval *pri_schedule_next(struct pri *pri);

q931_call *pri_new_call(struct pri *pri);
int pri_get_crv(struct pri *pri, q931_call *call, int *callmode);
struct pri_sr *pri_sr_new(void);
void pri_sr_free(struct pri_sr *sr);
int pri_sr_set_channel(struct pri_sr *sr, int channel, int exclusive, int nonisdn);
int pri_sr_set_bearer(struct pri_sr *sr, int transmode, int userl1);
int pri_sr_set_called(struct pri_sr *sr, char *called, int calledplan, int complete);
int pri_sr_set_caller(struct pri_sr *sr, char *caller, char *callername, int callerplan, int callerpres);
int pri_setup(struct pri *pri, q931_call *call, struct pri_sr *req);

int pri_proceeding(struct pri *pri, q931_call *call, int channel, int info);
int pri_acknowledge(struct pri *pri, q931_call *call, int channel, int info);
int pri_progress(struct pri *pri, q931_call *call, int channel, int info);
int pri_progress_with_cause(struct pri *pri, q931_call *call, int channel, int info, int cause);
int pri_answer(struct pri *pri, q931_call *call, int channel, int nonisdn);
int pri_notify(struct pri *pri, q931_call *call, int channel, int info);
int pri_hangup(struct pri *pri, q931_call *call, int cause);
void pri_destroycall(struct pri *pri, q931_call *call);
int pri_reset(struct pri *pri, int channel);
int q931_is_call_valid(struct pri *pri, q931_call *call);
const char *pri_get_version(void);

void yobirin_set_time(long seconds, long microseconds);
extern "Python" int yobirin_read(struct pri *, void *, int);
extern "Python" int yobirin_write(struct pri *, void *, int);
extern "Python" void yobirin_message(struct pri *, char *);
extern "Python" void yobirin_error(struct pri *, char *);
"""

SOURCE: Final = """
#include <sys/time.h>
#include <libpri.h>

/* In the library, and in none of the headers that Debian ships. */
int q931_is_call_valid(struct pri *pri, q931_call *call);

/* libpri asks gettimeofday() for the time; the linker turns that into a question to us. */
static struct timeval yobirin_now;

int __wrap_gettimeofday(struct timeval *now, void *zone);
int __wrap_gettimeofday(struct timeval *now, void *zone)
{
    (void) zone;
    *now = yobirin_now;
    return 0;
}

static void yobirin_set_time(long seconds, long microseconds)
{
    yobirin_now.tv_sec = seconds;
    yobirin_now.tv_usec = microseconds;
}
"""


def build(into: Path = ROOM) -> Path:
    """Compile the binding for the running Python; the path of the module.  Raises DeviceError."""
    archive = _archive()
    headers = sysconfig.get_paths()["include"]
    if not (Path(headers) / "Python.h").exists():
        raise DeviceError(f"The headers of this Python are not in {headers}.", remedy=REMEDY)
    target = into / f"_libpri{sysconfig.get_config_var('EXT_SUFFIX')}"
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "_libpri.c"
        module = Path(scratch) / target.name
        _emit(source)
        _compile(
            [
                *("gcc", "-O2", "-fPIC", "-shared", f"-I{headers}", str(source), str(archive)),
                *("-Wl,--wrap=gettimeofday", "-o", str(module)),
            ]
        )
        staged = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(module, staged)  # the scratch directory may be another file system
        staged.chmod(0o755)
        staged.replace(target)  # at once: another process may be importing the old one
    return target


def _archive() -> Path:
    if shutil.which("gcc") is None:
        raise DeviceError("gcc is not installed.", remedy=REMEDY)
    found = subprocess.run(
        ["gcc", "-print-file-name=libpri.a"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(found).is_absolute() or not Path(found).exists():
        raise DeviceError("libpri (libpri.a and libpri.h) is not installed.", remedy=REMEDY)
    return Path(found)


def _emit(source: Path) -> None:
    import cffi

    ffi = cffi.FFI()
    ffi.cdef(CDEF)
    ffi.set_source("appliance.pri_card._libpri", SOURCE)
    with contextlib.redirect_stdout(None):  # cffi prints what it does
        ffi.emit_c_code(str(source))


def _compile(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = " ".join(done.stderr.strip().splitlines()[-3:])
        raise DeviceError(f"libpri's binding does not compile: {tail}", remedy=REMEDY)


if __name__ == "__main__":
    try:
        print(build())
    except DeviceError as problem:
        sys.exit(str(problem))
