/* What a compartment may reach outside its own code and globals: the capabilities in its import table, by the names of
   the system description. A name that the description does not grant is an error when the image is built. */
#pragma once

#include <cdefs.h>
#include <stddef.h>
#include <stdint.h>

#define CHERIOT_PERMIT_R_true "R"
#define CHERIOT_PERMIT_R_1 "R"
#define CHERIOT_PERMIT_R_false ""
#define CHERIOT_PERMIT_R_0 ""
#define CHERIOT_PERMIT_W_true "W"
#define CHERIOT_PERMIT_W_1 "W"
#define CHERIOT_PERMIT_W_false ""
#define CHERIOT_PERMIT_W_0 ""
#define CHERIOT_PERMIT_c_true "c"
#define CHERIOT_PERMIT_c_1 "c"
#define CHERIOT_PERMIT_c_false ""
#define CHERIOT_PERMIT_c_0 ""
#define CHERIOT_PERMIT_m_true "m"
#define CHERIOT_PERMIT_m_1 "m"
#define CHERIOT_PERMIT_m_false ""
#define CHERIOT_PERMIT_m_0 ""

/* A device or a shared object of which the compartment has one import. */
#define MMIO_CAPABILITY(type, name) ((volatile type *)__builtin_cheriot_import("mem", #name))
#define SHARED_OBJECT(type, name) ((type *)__builtin_cheriot_import("mem", #name))

/* The import with exactly these permissions, where there are several (load-global may come on top). */
#define MMIO_CAPABILITY_WITH_PERMISSIONS(type, name, load, store, loadStoreCapabilities, loadMutable)                \
	((volatile type *)__builtin_cheriot_import(                                                                      \
	    "mem", #name,                                                                                                \
	    CHERIOT_PERMIT_R_##load CHERIOT_PERMIT_W_##store CHERIOT_PERMIT_c_##loadStoreCapabilities                    \
	        CHERIOT_PERMIT_m_##loadMutable))
#define SHARED_OBJECT_WITH_PERMISSIONS(type, name, load, store, loadStoreCapabilities, loadMutable)                  \
	((type *)__builtin_cheriot_import(                                                                               \
	    "mem", #name,                                                                                                \
	    CHERIOT_PERMIT_R_##load CHERIOT_PERMIT_W_##store CHERIOT_PERMIT_c_##loadStoreCapabilities                    \
	        CHERIOT_PERMIT_m_##loadMutable))

/* The sealed handle of a static sealed object, and the compartment's own static sealing key. */
#define STATIC_SEALED_VALUE(name) (__builtin_cheriot_import("sealed", #name))
#define STATIC_SEALING_TYPE(name) (__builtin_cheriot_import("key", #name))

/* A static sealed object's type and contents as the source sees them; the build compares them with the description. */
#define CHERIOT_SECTION(name) #name
#define DECLARE_STATIC_SEALED_VALUE(type, compartment, keyName, name)                                                \
	_Static_assert(sizeof(type) > 0, "a sealed object has contents")
#define DEFINE_STATIC_SEALED_VALUE(type, compartment, keyName, name, ...)                                            \
	__attribute__((used, section(CHERIOT_SECTION(.sealed.compartment.keyName.name)))) static const type              \
	    __sealed_##name = {__VA_ARGS__}
#define DECLARE_AND_DEFINE_STATIC_SEALED_VALUE(type, compartment, keyName, name, ...)                                \
	DEFINE_STATIC_SEALED_VALUE(type, compartment, keyName, name, __VA_ARGS__)

/* Sealing keys that the loader gives to the core of the RTOS alone (platform specification 5.2). */
#define LOADER_KEY(name) (__builtin_cheriot_import("loader", #name))

/* The compartment's default quota, "<compartment>.malloc" in the description. */
#define MALLOC_CAPABILITY (__builtin_cheriot_import("sealed", __CHERIOT_COMPARTMENT__ ".malloc"))
