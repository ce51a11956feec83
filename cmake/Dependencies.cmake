# Distribution packages by their ordinary names; tools/setup.sh installs them.
find_package(Boost CONFIG REQUIRED COMPONENTS headers iostreams filesystem)  # model/: value types; scenarios/: gzip; reports/: gnuplot
find_package(fmt REQUIRED)                                        # scenarios/, reports/
find_package(nlohmann_json REQUIRED)                              # scenarios/, reports/
find_path(KV_TOML_INCLUDE_FOLDER toml++/toml.h REQUIRED)          # scenarios/
find_path(KV_CSV_INCLUDE_FOLDER libfccp/csv.h REQUIRED)           # scenarios/: fast-cpp-csv-parser
find_path(KV_GNUPLOT_INCLUDE_FOLDER gnuplot-iostream.h REQUIRED)  # reports/: plots
find_package(CLI11 REQUIRED)                                      # cli/
find_package(Threads REQUIRED)
if(KV_TESTS)
    find_package(GTest CONFIG REQUIRED)
    find_package(rapidcheck CONFIG REQUIRED)
endif()
if(KV_BENCH)
    find_package(benchmark REQUIRED)
endif()
