// worker.py as a part of the program, so that no file has to be installed.
#pragma once

namespace freshet::python_worker {

extern const char* const kWorkerScript;

}  // namespace freshet::python_worker
